// What filters find. Each case: documents, a filter, and the _ids that it finds.

import { Binary, Double, Int32, Long, ObjectId } from 'bson';
import type { Document } from 'mongodb';

export interface QueryCase {
  readonly says: string;
  readonly documents: readonly Document[];
  readonly filter: Document;
  readonly finds: readonly unknown[];
}

const NUMBERS = [
  { _id: 'int', n: new Int32(3) },
  { _id: 'double', n: new Double(3) },
  { _id: 'long', n: Long.fromNumber(3) },
  { _id: 'half', n: new Double(3.5) },
  { _id: 'text', n: '3' },
  { _id: 'nan', n: new Double(Number.NaN) },
];
const NULLS = [
  { _id: 'null', a: null },
  { _id: 'missing' },
  { _id: 'zero', a: 0 },
  { _id: 'empty', a: '' },
  { _id: 'false', a: false },
  { _id: 'array', a: [] },
  { _id: 'with null', a: [1, null] },
];
const NESTED = [
  { _id: 'b', a: { b: 1 } },
  { _id: 'b null', a: { b: null } },
  { _id: 'empty', a: {} },
  { _id: 'scalar', a: 4 },
  { _id: 'no a' },
  { _id: 'scalars', a: [1, 2] },
  { _id: 'no items', a: [] },
  { _id: 'items', a: [{ b: 1 }, { b: 2 }] },
  { _id: 'one without', a: [{ b: 3 }, {}] },
];
const ARRAYS = [
  { _id: 'scalar', a: 5 },
  { _id: 'one', a: [5] },
  { _id: 'two', a: [1, 10] },
  { _id: 'nested', a: [[5]] },
  { _id: 'empty', a: [] },
  { _id: 'pair', a: [1, 2] },
];
const ITEMS = [
  {
    _id: 1,
    items: [
      { k: 'a', n: 1 },
      { k: 'b', n: 9 },
    ],
  },
  { _id: 2, items: [{ k: 'a', n: 9 }] },
  { _id: 3, items: [] },
  { _id: 4, items: 'a' },
  { _id: 5 },
];
const TEXTS = [
  { _id: 1, t: '안녕하세요 moa' },
  { _id: 2, t: 'Moa' },
  { _id: 3, t: ['x', 'moa'] },
  { _id: 4, t: 7 },
  { _id: 5, t: 'line one\nmoa' },
  { _id: 6, t: 'a.b' },
];
const DATES = [
  { _id: 1, d: new Date(-1) },
  { _id: 2, d: new Date(0) },
  { _id: 3, d: new Date(1_700_000_000_000) },
  { _id: 4, d: 1_700_000_000_000 },
];
const ID = new ObjectId('0123456789abcdef01234567');
const KINDS = [
  { _id: 'id', v: ID },
  { _id: 'hex', v: ID.toHexString() },
  { _id: 'bytes', v: new Binary(Buffer.from('01', 'hex')) },
  { _id: 'other bytes', v: new Binary(Buffer.from('02', 'hex')) },
  { _id: 'true', v: true },
  { _id: 'one', v: 1 },
  { _id: 'doc', v: { a: 1, b: 2 } },
  { _id: 'turned', v: { b: 2, a: 1 } },
];

const on =
  (documents: readonly Document[]) =>
  (says: string, filter: Document, finds: readonly unknown[]): QueryCase => ({ says, documents, filter, finds });
const numbers = on(NUMBERS);
const nulls = on(NULLS);
const nested = on(NESTED);
const arrays = on(ARRAYS);
const items = on(ITEMS);
const texts = on(TEXTS);
const dates = on(DATES);
const kinds = on(KINDS);

export const QUERY_CASES: readonly QueryCase[] = [
  numbers('an int finds the same number of every type', { n: new Int32(3) }, ['int', 'double', 'long']),
  numbers('a double finds the same number of every type', { n: new Double(3) }, ['int', 'double', 'long']),
  numbers('a long finds the same number of every type', { n: Long.fromNumber(3) }, ['int', 'double', 'long']),
  numbers('$gt compares a double with ints and longs', { n: { $gt: new Double(2.5) } }, ['int', 'double', 'long', 'half']),
  numbers('$gt is strict over types', { n: { $gt: Long.fromNumber(3) } }, ['half']),
  numbers('NaN is neither less nor more', { n: { $lt: 1000 } }, ['int', 'double', 'long', 'half']),
  numbers('NaN equals NaN', { n: new Double(Number.NaN) }, ['nan']),
  numbers('$ne finds other types, too', { n: { $ne: 3 } }, ['half', 'text', 'nan']),
  numbers('a number is no string', { n: { $gte: '' } }, ['text']),
  on([
    { _id: 1, n: Long.fromString('9007199254740993') },
    { _id: 2, n: Long.fromString('9007199254740992') },
  ])('longs that a double cannot tell apart are told apart', { n: Long.fromString('9007199254740993') }, [1]),
  on([
    { _id: 1, n: Long.fromString('9007199254740993') },
    { _id: 2, n: Long.fromString('9007199254740992') },
  ])('a long beyond 2^53 is more than the double beside it', { n: { $gt: new Double(9007199254740992) } }, [1]),
  on([
    { _id: 1, n: new Double(-0) },
    { _id: 2, n: 0 },
  ])('-0 equals 0', { n: 0 }, [1, 2]),
  on([
    { _id: 1, n: new Double(Number.POSITIVE_INFINITY) },
    { _id: 2, n: Long.MAX_VALUE },
  ])('infinity is more than any long', { n: { $gt: Long.MAX_VALUE } }, [1]),

  nulls('null finds null, missing, and null in an array', { a: null }, ['null', 'missing', 'with null']),
  nulls('$ne null leaves them out', { a: { $ne: null } }, ['zero', 'empty', 'false', 'array']),
  nulls('$exists: true finds null, too', { a: { $exists: true } }, ['null', 'zero', 'empty', 'false', 'array', 'with null']),
  nulls('$exists: false finds only what is missing', { a: { $exists: false } }, ['missing']),
  nulls('$in with null finds missing, too', { a: { $in: [null, 0] } }, ['null', 'missing', 'zero', 'with null']),
  nulls('$nin with null leaves out missing, too', { a: { $nin: [null] } }, ['zero', 'empty', 'false', 'array']),
  nulls('$gte null finds null and missing', { a: { $gte: null } }, ['null', 'missing', 'with null']),
  nulls('$gt null finds nothing', { a: { $gt: null } }, []),
  nulls('$not $gt finds missing, too', { a: { $not: { $gt: 0 } } }, ['null', 'missing', 'zero', 'empty', 'false', 'array']),
  nulls('false is no null and no 0', { a: false }, ['false']),

  nested('a path into a document', { 'a.b': 1 }, ['b', 'items']),
  nested('null at a path finds what has nothing there, but no array of scalars', { 'a.b': null }, [
    'b null',
    'empty',
    'scalar',
    'no a',
    'one without',
  ]),
  nested('$exists: false at a path', { 'a.b': { $exists: false } }, ['empty', 'scalar', 'no a', 'scalars', 'no items']),
  nested('$exists: true at a path', { 'a.b': { $exists: true } }, ['b', 'b null', 'items', 'one without']),
  nested('$ne at a path means none of the items', { 'a.b': { $ne: 1 } }, [
    'b null',
    'empty',
    'scalar',
    'no a',
    'scalars',
    'no items',
    'one without',
  ]),
  nested('a path with a place of an array', { 'a.0.b': 1 }, ['items']),
  nested('a place of an array of scalars', { 'a.1': 2 }, ['scalars']),
  nested('$gt at a path through an array', { 'a.b': { $gt: 1 } }, ['items', 'one without']),
  nested('a document is equal as a whole', { a: { b: 1 } }, ['b', 'items']),
  nested('$in at a path', { 'a.b': { $in: [2, 3] } }, ['items', 'one without']),
  nested('$size of an array', { a: { $size: 2 } }, ['scalars', 'items', 'one without']),
  nested('$size 0', { a: { $size: 0 } }, ['no items']),

  arrays('a scalar finds itself and arrays with it, one deep', { a: 5 }, ['scalar', 'one']),
  arrays('an array finds itself, also in an array', { a: [5] }, ['one', 'nested']),
  arrays('an array is equal in its order', { a: [2, 1] }, []),
  arrays('an empty array finds itself', { a: [] }, ['empty']),
  arrays('two limits may be met by two items', { a: { $gt: 4, $lt: 6 } }, ['scalar', 'one', 'two']),
  arrays('$elemMatch wants both of one item', { a: { $elemMatch: { $gt: 4, $lt: 6 } } }, ['one']),
  arrays('$all wants each', { a: { $all: [1, 10] } }, ['two']),
  arrays('$all with one value finds a scalar, too', { a: { $all: [5] } }, ['scalar', 'one']),
  arrays('$all with nothing finds nothing', { a: { $all: [] } }, []),
  arrays('$in finds any', { a: { $in: [10, 5] } }, ['scalar', 'one', 'two']),
  arrays('$in with nothing finds nothing', { a: { $in: [] } }, []),
  arrays('$nin leaves out arrays with it', { a: { $nin: [5, 1] } }, ['nested', 'empty']),
  arrays('$not $size', { a: { $not: { $size: 1 } } }, ['scalar', 'two', 'empty', 'pair']),

  items('two paths may be met by two items', { 'items.k': 'a', 'items.n': 9 }, [1, 2]),
  items('$elemMatch wants one item with all', { items: { $elemMatch: { k: 'a', n: 9 } } }, [2]),
  items('$elemMatch with operators', { items: { $elemMatch: { k: { $in: ['b'] }, n: { $gt: 5 } } } }, [1]),
  items('$elemMatch with $or', { items: { $elemMatch: { $or: [{ k: 'b' }, { n: { $lt: 2 } }] } } }, [1]),
  items('$not $elemMatch', { items: { $not: { $elemMatch: { k: 'a' } } } }, [3, 4, 5]),
  items('$all of $elemMatch', { items: { $all: [{ $elemMatch: { k: 'a' } }, { $elemMatch: { n: 9 } }] } }, [1, 2]),

  texts('$regex finds a part', { t: { $regex: 'moa' } }, [1, 3, 5]),
  texts('$regex from the beginning', { t: { $regex: '^moa' } }, [3]),
  texts('$regex without regard to case', { t: { $regex: '^moa$', $options: 'i' } }, [2, 3]),
  texts('$regex over lines', { t: { $regex: '^moa$', $options: 'm' } }, [3, 5]),
  texts('$regex of Korean', { t: { $regex: '녕하' } }, [1]),
  texts('a RegExp as a value', { t: /^M/ }, [2]),
  texts('a point that is meant', { t: { $regex: 'a\\.b' } }, [6]),
  texts('a point finds no end of line', { t: { $regex: 'one.moa' } }, []),
  texts('a point finds it with s', { t: { $regex: 'one.moa', $options: 's' } }, [5]),
  on([
    { _id: 1, t: 'end' },
    { _id: 2, t: 'end\n' },
    { _id: 3, t: 'end\n\n' },
  ])('the end of a text may have one end of line behind it', { t: { $regex: 'end$' } }, [1, 2]),
  on([
    { _id: 1, t: 'a\u2028b' },
    { _id: 2, t: 'a\rb' },
    { _id: 3, t: 'a\nb' },
  ])('a point finds all but an end of line', { t: { $regex: 'a.b' } }, [1, 2]),
  on([
    { _id: 1, t: 'a b' },
    { _id: 2, t: 'a\u00a0b' },
  ])('\\s is a space of ASCII', { t: { $regex: 'a\\sb' } }, [1]),
  on([
    { _id: 1, t: 'a-b' },
    { _id: 2, t: 'a#b' },
  ])('a needless backslash is no matter', { t: { $regex: 'a\\-b' } }, [1]),
  texts('$in with a RegExp', { t: { $in: [/^M/, 'a.b'] } }, [2, 6]),
  texts('$not with a RegExp', { t: { $not: /moa/i } }, [4, 6]),
  texts('strings compare by their bytes', { t: { $gte: 'b' } }, [1, 3, 5]),

  dates('dates before 1970', { d: { $lt: new Date(0) } }, [1]),
  dates('a date is no number', { d: { $gt: new Date(0) } }, [3]),
  dates('a date equals itself', { d: new Date(0) }, [2]),
  kinds('an ObjectId is not its hex', { v: ID }, ['id']),
  kinds('bytes are equal', { v: new Binary(Buffer.from('01', 'hex')) }, ['bytes']),
  kinds('bytes are ordered', { v: { $gt: new Binary(Buffer.from('01', 'hex')) } }, ['other bytes']),
  kinds('true is not 1', { v: true }, ['true']),
  kinds('the order of fields counts', { v: { a: 1, b: 2 } }, ['doc']),
  kinds('documents are ordered field by field', { v: { $gt: { a: 1, b: 1 } } }, ['doc', 'turned']),

  numbers('$and of two', { $and: [{ n: { $gte: 3 } }, { n: { $lt: 3.5 } }] }, ['int', 'double', 'long']),
  numbers('$or of two', { $or: [{ n: '3' }, { n: 3.5 }] }, ['half', 'text']),
  numbers('$nor of two', { $nor: [{ n: 3 }, { n: '3' }] }, ['half', 'nan']),
  numbers('$or beside a field', { _id: { $in: ['int', 'text'] }, $or: [{ n: '3' }, { n: 3.5 }] }, ['text']),
  numbers('an empty filter finds all', {}, ['int', 'double', 'long', 'half', 'text', 'nan']),
];
