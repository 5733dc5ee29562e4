// What updates make of a document. Each case: the document before, the update, and the document after, with types and order of fields.

import { Double, Int32, Long } from 'bson';
import type { Document } from 'mongodb';

export interface UpdateCase {
  readonly says: string;
  readonly before?: Document;
  readonly filter?: Document;
  readonly update: Document;
  readonly options?: { readonly upsert?: boolean; readonly arrayFilters?: Document[] };
  /** Without _id: it is 1. */
  readonly after?: Document;
  /** The code of the error; the document stays as it was. */
  readonly fails?: number;
  /** nModified, when it is not 1. */
  readonly modified?: number;
}

const ITEMS = {
  items: [
    { k: 'a', n: 1 },
    { k: 'b', n: 2 },
    { k: 'a', n: 3 },
  ],
};

export const UPDATE_CASES: readonly UpdateCase[] = [
  {
    says: '$unset by a name in an array is nothing',
    before: { a: [1] },
    update: { $unset: { 'a.b': '' } },
    after: { a: [1] },
    modified: 0,
  },
  { says: '$pull below a scalar fails', before: { a: 1 }, update: { $pull: { 'a.b': 1 } }, fails: 28 },
  { says: '$unset below a scalar is nothing', before: { a: 1 }, update: { $unset: { 'a.b': 1 } }, after: { a: 1 }, modified: 0 },
  { says: '$set changes a field in its place', before: { a: 1, b: 2 }, update: { $set: { a: 'x' } }, after: { a: 'x', b: 2 } },
  {
    says: '$set adds new fields behind, in the order of their names',
    before: { m: 1 },
    update: { $set: { z: 1, c: 2 } },
    after: { m: 1, c: 2, z: 1 },
  },
  {
    says: 'new fields of several operators come in the order of their names',
    before: {},
    update: { $set: { b: 1 }, $inc: { a: 1 } },
    after: { a: 1, b: 1 },
  },
  { says: '$set makes the documents on its path', before: {}, update: { $set: { 'a.b.c': 1 } }, after: { a: { b: { c: 1 } } } },
  { says: '$set of a double stays a double', before: { a: 3 }, update: { $set: { a: new Double(3) } }, after: { a: new Double(3) } },
  { says: '$set of the same value changes nothing', before: { a: 1 }, update: { $set: { a: 1 } }, after: { a: 1 }, modified: 0 },
  {
    says: '$set of the same number of another type is a change',
    before: { a: 1 },
    update: { $set: { a: Long.fromNumber(1) } },
    after: { a: Long.fromNumber(1) },
  },
  { says: '$set keeps the order of a document', before: {}, update: { $set: { a: { z: 1, b: 2 } } }, after: { a: { z: 1, b: 2 } } },
  { says: '$set at a place of an array', before: { a: [1, 2] }, update: { $set: { 'a.1': 9 } }, after: { a: [1, 9] } },
  {
    says: '$set behind the end of an array fills with null',
    before: { a: [1] },
    update: { $set: { 'a.3': 9 } },
    after: { a: [1, null, null, 9] },
  },
  { says: '$set into a scalar fails', before: { a: 1 }, update: { $set: { 'a.b': 1 } }, fails: 28 },
  { says: '$set into null fails', before: { a: null }, update: { $set: { 'a.b': 1 } }, fails: 28 },
  { says: '$set of an array by a name fails', before: { a: [1] }, update: { $set: { 'a.b': 1 } }, fails: 28 },
  { says: '$set of another _id fails', before: {}, update: { $set: { _id: 2 } }, fails: 66 },
  { says: '$set of the same _id is nothing', before: { a: 1 }, update: { $set: { _id: 1 } }, after: { a: 1 }, modified: 0 },
  { says: '$unset takes a field away', before: { a: 1, b: 2 }, update: { $unset: { a: '' } }, after: { b: 2 } },
  { says: '$unset of nothing is nothing', before: { a: 1 }, update: { $unset: { b: '', 'a.c': '' } }, after: { a: 1 }, modified: 0 },
  { says: '$unset in an array leaves null', before: { a: [1, 2] }, update: { $unset: { 'a.0': '' } }, after: { a: [null, 2] } },
  { says: '$unset of a nested field', before: { a: { b: 1, c: 2 } }, update: { $unset: { 'a.b': 1 } }, after: { a: { c: 2 } } },
  { says: '$unset of _id fails', before: {}, update: { $unset: { _id: 1 } }, fails: 66 },

  { says: '$inc adds to an int', before: { n: 1 }, update: { $inc: { n: 2 } }, after: { n: 3 } },
  { says: '$inc makes a field', before: {}, update: { $inc: { n: 2 } }, after: { n: 2 } },
  { says: '$inc of an int by a double is a double', before: { n: 1 }, update: { $inc: { n: new Double(2) } }, after: { n: new Double(3) } },
  {
    says: '$inc of a double by an int stays a double',
    before: { n: new Double(1) },
    update: { $inc: { n: 2 } },
    after: { n: new Double(3) },
  },
  { says: '$inc of a long stays a long', before: { n: Long.fromNumber(1) }, update: { $inc: { n: 2 } }, after: { n: Long.fromNumber(3) } },
  {
    says: '$inc of an int beyond its limit is a long',
    before: { n: 2147483647 },
    update: { $inc: { n: 1 } },
    after: { n: Long.fromNumber(2147483648) },
  },
  { says: '$inc of a long beyond its limit fails', before: { n: Long.MAX_VALUE }, update: { $inc: { n: 1 } }, fails: 2 },
  {
    says: '$inc of a long beyond 2^53 is exact',
    before: { n: Long.fromString('9007199254740993') },
    update: { $inc: { n: 2 } },
    after: { n: Long.fromString('9007199254740995') },
  },
  { says: '$inc of a string fails', before: { n: 'x' }, update: { $inc: { n: 1 } }, fails: 14 },
  { says: '$inc of null fails', before: { n: null }, update: { $inc: { n: 1 } }, fails: 14 },
  { says: '$inc by a string fails', before: { n: 1 }, update: { $inc: { n: 'x' } }, fails: 14 },
  { says: '$inc by 0 changes nothing', before: { n: 1 }, update: { $inc: { n: 0 } }, after: { n: 1 }, modified: 0 },
  { says: '$inc at a path', before: { a: { n: 1 } }, update: { $inc: { 'a.n': -1 } }, after: { a: { n: 0 } } },

  { says: '$max takes the greater', before: { n: 1 }, update: { $max: { n: 2 } }, after: { n: 2 } },
  { says: '$max leaves the greater', before: { n: 3 }, update: { $max: { n: 2 } }, after: { n: 3 }, modified: 0 },
  { says: '$max makes a field', before: {}, update: { $max: { n: 2 } }, after: { n: 2 } },
  { says: '$max of equal numbers leaves the type', before: { n: 2 }, update: { $max: { n: new Double(2) } }, after: { n: 2 }, modified: 0 },
  { says: '$max compares types as a sort does', before: { n: 9 }, update: { $max: { n: 'a' } }, after: { n: 'a' } },
  { says: '$max of dates', before: { d: new Date(1) }, update: { $max: { d: new Date(2) } }, after: { d: new Date(2) } },
  { says: '$max over null', before: { n: null }, update: { $max: { n: 1 } }, after: { n: 1 } },
  { says: '$min takes the less', before: { n: 3 }, update: { $min: { n: 2 } }, after: { n: 2 } },

  { says: '$push adds behind', before: { a: [1] }, update: { $push: { a: 2 } }, after: { a: [1, 2] } },
  { says: '$push makes an array', before: {}, update: { $push: { a: 2 } }, after: { a: [2] } },
  { says: '$push of an array adds it as one item', before: { a: [1] }, update: { $push: { a: [2, 3] } }, after: { a: [1, [2, 3]] } },
  { says: '$push with $each adds all', before: { a: [1] }, update: { $push: { a: { $each: [2, 3] } } }, after: { a: [1, 2, 3] } },
  { says: '$push with $each of nothing makes an empty array', before: {}, update: { $push: { a: { $each: [] } } }, after: { a: [] } },
  { says: '$push to a scalar fails', before: { a: 1 }, update: { $push: { a: 2 } }, fails: 2 },
  { says: '$push to null fails', before: { a: null }, update: { $push: { a: 2 } }, fails: 2 },
  {
    says: '$push keeps types',
    before: { a: [] },
    update: { $push: { a: { b: new Double(1), a: Long.fromNumber(2) } } },
    after: { a: [{ b: new Double(1), a: Long.fromNumber(2) }] },
  },

  { says: '$addToSet adds what is not there', before: { a: [1] }, update: { $addToSet: { a: 2 } }, after: { a: [1, 2] } },
  {
    says: '$addToSet leaves what is there, of any type of number',
    before: { a: [1] },
    update: { $addToSet: { a: new Double(1) } },
    after: { a: [1] },
    modified: 0,
  },
  { says: '$addToSet with $each', before: { a: [1] }, update: { $addToSet: { a: { $each: [1, 2, 2, 3] } } }, after: { a: [1, 2, 3] } },
  {
    says: '$addToSet compares documents with the order of fields',
    before: { a: [{ x: 1, y: 2 }] },
    update: { $addToSet: { a: { y: 2, x: 1 } } },
    after: {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
  },
  { says: '$addToSet makes an array', before: {}, update: { $addToSet: { a: 1 } }, after: { a: [1] } },
  { says: '$addToSet to a scalar fails', before: { a: 1 }, update: { $addToSet: { a: 1 } }, fails: 2 },

  { says: '$pull takes equal items away', before: { a: [1, 2, 1] }, update: { $pull: { a: 1 } }, after: { a: [2] } },
  { says: '$pull by an operator', before: { a: [1, 5, 9] }, update: { $pull: { a: { $gte: 5 } } }, after: { a: [1] } },
  { says: '$pull by $in', before: { a: ['x', 'y', 'z'] }, update: { $pull: { a: { $in: ['x', 'z'] } } }, after: { a: ['y'] } },
  { says: '$pull of documents by a field', before: ITEMS, update: { $pull: { items: { k: 'a' } } }, after: { items: [{ k: 'b', n: 2 }] } },
  {
    says: '$pull of documents by two fields of one item',
    before: ITEMS,
    update: { $pull: { items: { k: 'a', n: { $gt: 1 } } } },
    after: {
      items: [
        { k: 'a', n: 1 },
        { k: 'b', n: 2 },
      ],
    },
  },
  { says: '$pull of nothing is nothing', before: { b: 1 }, update: { $pull: { a: 1 } }, after: { b: 1 }, modified: 0 },
  { says: '$pull from a scalar fails', before: { a: 1 }, update: { $pull: { a: 1 } }, fails: 2 },

  { says: 'two operators on one path fail', before: { a: 1 }, update: { $set: { a: 1 }, $inc: { a: 1 } }, fails: 40 },
  { says: 'a path and one below it fail', before: { a: {} }, update: { $set: { a: 1, 'a.b': 1 } }, fails: 40 },
  { says: 'a failed update changes nothing at all', before: { a: 1, n: 'x' }, update: { $set: { a: 2 }, $inc: { n: 1 } }, fails: 14 },
  {
    says: '$setOnInsert does nothing to a document that is there',
    before: { a: 1 },
    update: { $setOnInsert: { b: 1 }, $set: { a: 2 } },
    after: { a: 2 },
  },

  {
    says: 'an upsert begins with what the filter compares',
    filter: { _id: 1, k: 'x', n: { $gt: 3 } },
    update: { $set: { a: 1 } },
    options: { upsert: true },
    after: { k: 'x', a: 1 },
    modified: 0,
  },
  {
    says: 'an upsert takes $setOnInsert',
    filter: { _id: 1 },
    update: { $set: { b: 1 }, $setOnInsert: { a: 1 } },
    options: { upsert: true },
    after: { a: 1, b: 1 },
    modified: 0,
  },
  {
    says: 'an upsert with $inc begins at it',
    filter: { _id: 1 },
    update: { $inc: { n: 5 } },
    options: { upsert: true },
    after: { n: 5 },
    modified: 0,
  },
  {
    says: 'an upsert takes values from $and and $eq',
    filter: { _id: 1, $and: [{ a: { $eq: 1 } }, { 'b.c': 2 }] },
    update: { $set: { d: 3 } },
    options: { upsert: true },
    after: { a: 1, b: { c: 2 }, d: 3 },
    modified: 0,
  },
  {
    says: 'an upsert with $push',
    filter: { _id: 1 },
    update: { $push: { a: 1 } },
    options: { upsert: true },
    after: { a: [1] },
    modified: 0,
  },
  {
    says: 'an int of the filter stays an int',
    filter: { _id: 1, n: new Int32(7) },
    update: { $set: { a: new Double(1) } },
    options: { upsert: true },
    after: { n: 7, a: new Double(1) },
    modified: 0,
  },
];
