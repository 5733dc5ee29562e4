// What updates make of the items of arrays: the positional operators and arrayFilters.

import type { UpdateCase } from './updates.js';

const ITEMS = {
  items: [
    { k: 'a', n: 1 },
    { k: 'b', n: 2 },
    { k: 'a', n: 3 },
  ],
};

export const ITEM_CASES: readonly UpdateCase[] = [
  { says: '$[] of a scalar fails', before: { a: 1 }, update: { $set: { 'a.$[]': 2 } }, fails: 2 },
  { says: '$[] of null fails', before: { a: null }, update: { $set: { 'a.$[].b': 2 } }, fails: 2 },
  {
    says: '$ changes the item that was found',
    before: ITEMS,
    filter: { 'items.n': 2 },
    update: { $set: { 'items.$.n': 20 } },
    after: {
      items: [
        { k: 'a', n: 1 },
        { k: 'b', n: 20 },
        { k: 'a', n: 3 },
      ],
    },
  },
  {
    says: '$ with $elemMatch',
    before: ITEMS,
    filter: { items: { $elemMatch: { k: 'a', n: 3 } } },
    update: { $set: { 'items.$.k': 'c' } },
    after: {
      items: [
        { k: 'a', n: 1 },
        { k: 'b', n: 2 },
        { k: 'c', n: 3 },
      ],
    },
  },
  { says: '$ of scalars', before: { a: [1, 5, 9] }, filter: { a: { $gte: 5 } }, update: { $inc: { 'a.$': 1 } }, after: { a: [1, 6, 9] } },
  {
    says: '$ with $unset of a field',
    before: ITEMS,
    filter: { 'items.k': 'b' },
    update: { $unset: { 'items.$.n': 1 } },
    after: { items: [{ k: 'a', n: 1 }, { k: 'b' }, { k: 'a', n: 3 }] },
  },
  { says: '$ without a condition on the array fails', before: ITEMS, update: { $set: { 'items.$.n': 1 } }, fails: 2 },
  { says: '$[] changes each item', before: { a: [1, 2] }, update: { $inc: { 'a.$[]': 10 } }, after: { a: [11, 12] } },
  {
    says: '$[] in documents',
    before: ITEMS,
    update: { $inc: { 'items.$[].n': 1 } },
    after: {
      items: [
        { k: 'a', n: 2 },
        { k: 'b', n: 3 },
        { k: 'a', n: 4 },
      ],
    },
  },
  { says: '$[] of a missing field fails', before: {}, update: { $set: { 'a.$[]': 1 } }, fails: 2 },
  {
    says: 'arrayFilters choose the items',
    before: ITEMS,
    update: { $set: { 'items.$[i].n': 0 } },
    options: { arrayFilters: [{ 'i.k': 'a' }] },
    after: {
      items: [
        { k: 'a', n: 0 },
        { k: 'b', n: 2 },
        { k: 'a', n: 0 },
      ],
    },
  },
  {
    says: 'arrayFilters of scalars',
    before: { a: [1, 5, 9] },
    update: { $set: { 'a.$[i]': 0 } },
    options: { arrayFilters: [{ i: { $gt: 4 } }] },
    after: { a: [1, 0, 0] },
  },
  {
    says: 'arrayFilters with two conditions',
    before: ITEMS,
    update: { $set: { 'items.$[i].k': 'z' } },
    options: { arrayFilters: [{ 'i.k': 'a', 'i.n': { $gt: 1 } }] },
    after: {
      items: [
        { k: 'a', n: 1 },
        { k: 'b', n: 2 },
        { k: 'z', n: 3 },
      ],
    },
  },
  { says: 'a name without its array filter fails', before: ITEMS, update: { $set: { 'items.$[i].n': 0 } }, fails: 2 },
  {
    says: 'an array filter that nobody uses fails',
    before: ITEMS,
    update: { $set: { a: 1 } },
    options: { arrayFilters: [{ i: 1 }] },
    fails: 9,
  },
];
