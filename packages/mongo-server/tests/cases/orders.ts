// In which order documents come, and what projections leave of them.

import { Binary, Double, Long, ObjectId } from 'bson';
import type { Document, Sort } from 'mongodb';

export interface OrderCase {
  readonly says: string;
  readonly documents: readonly Document[];
  readonly filter?: Document;
  readonly sort: Sort;
  readonly skip?: number;
  readonly limit?: number;
  /** The order has to be the same with this index. */
  readonly index?: Record<string, 1 | -1>;
  readonly gives: readonly unknown[];
}

const MIXED = [
  { _id: 'date', v: new Date(0) },
  { _id: 'true', v: true },
  { _id: 'false', v: false },
  { _id: 'id', v: new ObjectId('000000000000000000000001') },
  { _id: 'bytes', v: new Binary(Buffer.from('ff', 'hex')) },
  { _id: 'doc', v: { a: 1 } },
  { _id: 'text', v: 'a' },
  { _id: 'long text', v: 'aa' },
  { _id: 'ten', v: 10 },
  { _id: 'nine and a half', v: new Double(9.5) },
  { _id: 'long', v: Long.fromNumber(9) },
  { _id: 'minus', v: new Double(-1) },
  { _id: 'null', v: null },
];
const IN_ORDER = ['null', 'minus', 'long', 'nine and a half', 'ten', 'text', 'long text', 'doc', 'bytes', 'id', 'false', 'true', 'date'];
const PAIRS = [
  { _id: 1, a: 1, b: 1 },
  { _id: 2, a: 1, b: 2 },
  { _id: 3, a: 2, b: 1 },
  { _id: 4, a: 2, b: 2 },
];
const ARRAYS = [
  { _id: 1, a: [5, 1] },
  { _id: 2, a: [3] },
  { _id: 3, a: [2, 9] },
  { _id: 4, a: [] },
  { _id: 5, a: null },
  { _id: 6, a: 4 },
];
const NESTED = [
  { _id: 1, a: { b: 2 } },
  { _id: 2, a: [{ b: 3 }, { b: 1 }] },
  { _id: 3, a: { b: 0 } },
];

const both = (one: OrderCase, index: Record<string, 1 | -1>): OrderCase[] => [one, { ...one, says: `${one.says}, by an index`, index }];

export const ORDER_CASES: readonly OrderCase[] = [
  ...both({ says: 'types have their order going up', documents: MIXED, sort: { v: 1 }, gives: IN_ORDER }, { v: 1 }),
  ...both({ says: 'types have their order going down', documents: MIXED, sort: { v: -1 }, gives: [...IN_ORDER].reverse() }, { v: 1 }),
  ...both({ says: 'types have their order in a descending index', documents: MIXED, sort: { v: 1 }, gives: IN_ORDER }, { v: -1 }),
  ...both({ says: 'two fields, both up', documents: PAIRS, sort: { a: 1, b: 1 }, gives: [1, 2, 3, 4] }, { a: 1, b: 1 }),
  ...both({ says: 'two fields, both down', documents: PAIRS, sort: { a: -1, b: -1 }, gives: [4, 3, 2, 1] }, { a: 1, b: 1 }),
  ...both({ says: 'two fields, one up and one down', documents: PAIRS, sort: { a: 1, b: -1 }, gives: [2, 1, 4, 3] }, { a: 1, b: 1 }),
  ...both(
    { says: 'two fields in an index of both directions', documents: PAIRS, sort: { a: -1, b: 1 }, gives: [3, 4, 1, 2] },
    { a: 1, b: -1 },
  ),
  ...both({ says: 'equality and a sort', documents: PAIRS, filter: { a: 2 }, sort: { b: -1 }, gives: [4, 3] }, { a: 1, b: 1 }),
  ...both(
    {
      says: '$in and a sort by the next field',
      documents: PAIRS,
      filter: { a: { $in: [2, 1] } },
      sort: { b: -1, _id: 1 },
      gives: [2, 4, 1, 3],
    },
    { a: 1, b: 1, _id: -1 },
  ),
  ...both({ says: 'skip and limit', documents: PAIRS, sort: { a: 1, b: 1 }, skip: 1, limit: 2, gives: [2, 3] }, { a: 1, b: 1 }),
  ...both(
    {
      says: 'an array sorts by its least item going up, an empty one before null',
      documents: ARRAYS,
      sort: { a: 1 },
      gives: [4, 5, 1, 3, 2, 6],
    },
    { a: 1 },
  ),
  ...both(
    { says: 'an array sorts by its greatest item going down', documents: ARRAYS, sort: { a: -1 }, gives: [3, 1, 6, 2, 5, 4] },
    { a: 1 },
  ),
  ...both(
    {
      says: 'an array that was found by one item sorts by its least all the same',
      documents: ARRAYS,
      filter: { a: { $gt: 2 } },
      sort: { a: 1 },
      gives: [1, 3, 2, 6],
    },
    { a: 1 },
  ),
  ...both({ says: 'a path through arrays', documents: NESTED, sort: { 'a.b': 1 }, gives: [3, 2, 1] }, { 'a.b': 1 }),
  ...both(
    {
      says: 'what is no document in an array has nothing at a path',
      documents: [
        { _id: 1, a: [{ b: 3 }, 7] },
        { _id: 2, a: { b: 1 } },
        { _id: 3, a: [{ b: 0 }] },
      ],
      sort: { 'a.b': 1 },
      gives: [1, 3, 2],
    },
    { 'a.b': 1 },
  ),
  ...both(
    {
      says: 'missing sorts as null',
      documents: [{ _id: 1, a: 0 }, { _id: 2 }, { _id: 3, a: null }, { _id: 4, a: -1 }],
      sort: { a: 1, _id: 1 },
      gives: [2, 3, 4, 1],
    },
    { a: 1, _id: 1 },
  ),
  ...both(
    { says: 'a range and a sort of one field going down', documents: PAIRS, filter: { a: 1, b: { $lt: 2 } }, sort: { b: -1 }, gives: [1] },
    { a: 1, b: -1 },
  ),
  ...both(
    {
      says: 'strings by their bytes',
      documents: ['b', 'B', 'a', '가', 'é', ''].map((v) => ({ _id: v, v })),
      sort: { v: 1 },
      gives: ['', 'B', 'a', 'b', 'é', '가'],
    },
    { v: 1 },
  ),
  ...both(
    {
      says: 'dates before and after 1970',
      documents: [1, -1, 0, -86_400_000].map((ms) => ({ _id: ms, d: new Date(ms) })),
      sort: { d: 1 },
      gives: [-86_400_000, -1, 0, 1],
    },
    { d: -1 },
  ),
  ...both(
    {
      says: 'ObjectIds up to the last one',
      documents: ['00', '7f', '80', 'ff'].map((hex) => ({ _id: hex, v: new ObjectId(hex.repeat(12)) })),
      filter: { v: { $gt: new ObjectId('7f'.repeat(12)) } },
      sort: { v: 1 },
      gives: ['80', 'ff'],
    },
    { v: 1 },
  ),
  ...both(
    {
      says: 'numbers of all sizes',
      documents: [0, -0.5, 1e308, -1e308, 5e-324, 3].map((n, nth) => ({ _id: nth, n: new Double(n) })),
      sort: { n: 1 },
      gives: [3, 1, 0, 4, 5, 2],
    },
    { n: -1 },
  ),
];

export interface ProjectionCase {
  readonly says: string;
  readonly document: Document;
  readonly projection: Document;
  readonly gives: Document;
}

const WHOLE = { _id: 1, a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }, 7, { f: 3 }], h: null };

export const PROJECTION_CASES: readonly ProjectionCase[] = [
  { says: 'a field, and _id with it', document: WHOLE, projection: { a: 1 }, gives: { _id: 1, a: 1 } },
  { says: 'a field without _id', document: WHOLE, projection: { a: 1, _id: 0 }, gives: { a: 1 } },
  { says: 'only _id', document: WHOLE, projection: { _id: 1 }, gives: { _id: 1 } },
  {
    says: 'all but _id',
    document: WHOLE,
    projection: { _id: 0 },
    gives: { a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }, 7, { f: 3 }], h: null },
  },
  { says: 'all but two', document: WHOLE, projection: { a: 0, e: 0 }, gives: { _id: 1, b: { c: 2, d: 3 }, h: null } },
  { says: 'a field of a document', document: WHOLE, projection: { 'b.c': 1 }, gives: { _id: 1, b: { c: 2 } } },
  { says: 'all but a field of a document', document: WHOLE, projection: { 'b.c': 0, e: 0 }, gives: { _id: 1, a: 1, b: { d: 3 }, h: null } },
  {
    says: 'a field of documents in an array; what is none is left out',
    document: WHOLE,
    projection: { 'e.f': 1 },
    gives: { _id: 1, e: [{ f: 1 }, { f: 3 }] },
  },
  {
    says: 'all but a field of documents in an array',
    document: WHOLE,
    projection: { 'e.f': 0, b: 0 },
    gives: { _id: 1, a: 1, e: [{ g: 2 }, 7, {}], h: null },
  },
  { says: 'fields come in the order of the document', document: WHOLE, projection: { h: 1, a: 1 }, gives: { _id: 1, a: 1, h: null } },
  { says: 'a field that is missing is left out', document: WHOLE, projection: { x: 1 }, gives: { _id: 1 } },
  { says: 'below a scalar there is nothing', document: WHOLE, projection: { 'a.x': 1 }, gives: { _id: 1 } },
  {
    says: 'below a document that has nothing there stays an empty one',
    document: WHOLE,
    projection: { 'b.x': 1 },
    gives: { _id: 1, b: {} },
  },
  { says: 'true and false do, too', document: WHOLE, projection: { a: true, _id: false }, gives: { a: 1 } },
];
