// What pipelines give, with types. Groups are compared in the order of their _id.

import { Double, Long } from 'bson';
import type { Document } from 'mongodb';

export interface AggregationCase {
  readonly says: string;
  readonly documents: readonly Document[];
  readonly pipeline: readonly Document[];
  readonly gives: readonly Document[];
}

const REVIEWS = [
  { _id: 1, product: 'a', rating: 5, photos: ['x', 'y'] },
  { _id: 2, product: 'a', rating: 2, photos: [] },
  { _id: 3, product: 'b', rating: 4 },
  { _id: 4, product: 'a', rating: 2, photos: null },
  { _id: 5, rating: 1, photos: 'z' },
];
const on =
  (documents: readonly Document[]) =>
  (says: string, pipeline: readonly Document[], gives: readonly Document[]): AggregationCase => ({ says, documents, pipeline, gives });
const reviews = on(REVIEWS);
const BY_ID = { $sort: { _id: 1 } };

export const AGGREGATION_CASES: readonly AggregationCase[] = [
  reviews('$match and $count', [{ $match: { product: 'a' } }, { $count: 'n' }], [{ n: 3 }]),
  reviews('$count of nothing gives nothing', [{ $match: { product: 'x' } }, { $count: 'n' }], []),
  reviews(
    '$group counts',
    [{ $group: { _id: '$product', n: { $sum: 1 } } }, BY_ID],
    [
      { _id: null, n: 1 },
      { _id: 'a', n: 3 },
      { _id: 'b', n: 1 },
    ],
  ),
  reviews('$group over all', [{ $group: { _id: null, n: { $sum: 1 }, stars: { $sum: '$rating' } } }], [{ _id: null, n: 5, stars: 14 }]),
  reviews('$group of nothing gives nothing', [{ $match: { _id: 0 } }, { $group: { _id: null, n: { $sum: 1 } } }], []),
  reviews(
    '$avg is a double',
    [{ $match: { product: 'a' } }, { $group: { _id: '$product', avg: { $avg: '$rating' } } }],
    [{ _id: 'a', avg: new Double(3) }],
  ),
  reviews(
    '$min and $max',
    [{ $group: { _id: null, least: { $min: '$rating' }, most: { $max: '$rating' } } }],
    [{ _id: null, least: 1, most: 5 }],
  ),
  reviews(
    '$first and $last after a $sort',
    [{ $sort: { rating: -1, _id: 1 } }, { $group: { _id: null, first: { $first: '$_id' }, last: { $last: '$_id' } } }],
    [{ _id: null, first: 1, last: 5 }],
  ),
  reviews(
    '$push keeps the order',
    [{ $sort: { _id: -1 } }, { $group: { _id: null, all: { $push: '$_id' } } }],
    [{ _id: null, all: [5, 4, 3, 2, 1] }],
  ),
  reviews(
    '$push leaves out what is missing',
    [{ $group: { _id: null, all: { $push: '$product' } } }],
    [{ _id: null, all: ['a', 'a', 'b', 'a'] }],
  ),
  reviews(
    '$group by two fields',
    [{ $match: { product: 'a' } }, { $group: { _id: { p: '$product', r: '$rating' }, n: { $sum: 1 } } }, { $sort: { n: 1 } }],
    [
      { _id: { p: 'a', r: 5 }, n: 1 },
      { _id: { p: 'a', r: 2 }, n: 2 },
    ],
  ),
  reviews('$sum of what is no number is 0', [{ $group: { _id: null, n: { $sum: '$product' } } }], [{ _id: null, n: 0 }]),
  reviews('$avg of nothing is null', [{ $group: { _id: null, n: { $avg: '$nothing' } } }], [{ _id: null, n: null }]),
  reviews('$max of nothing is null', [{ $group: { _id: null, n: { $max: '$nothing' } } }], [{ _id: null, n: null }]),
  on([
    { _id: 1, n: 1 },
    { _id: 2, n: new Double(1) },
    { _id: 3, n: Long.fromNumber(1) },
  ])('$group takes equal numbers of all types together', [{ $group: { _id: '$n', c: { $sum: 1 } } }], [{ _id: 1, c: 3 }]),
  on([
    { _id: 1, n: 2147483647 },
    { _id: 2, n: 1 },
  ])(
    '$sum of ints beyond their limit is a long',
    [{ $group: { _id: null, n: { $sum: '$n' } } }],
    [{ _id: null, n: Long.fromNumber(2147483648) }],
  ),
  on([
    { _id: 1, n: Long.fromNumber(1) },
    { _id: 2, n: 1 },
  ])('$sum with a long is a long', [{ $group: { _id: null, n: { $sum: '$n' } } }], [{ _id: null, n: Long.fromNumber(2) }]),
  on([
    { _id: 1, n: 1 },
    { _id: 2, n: new Double(0.5) },
  ])('$sum with a double is a double', [{ $group: { _id: null, n: { $sum: '$n' } } }], [{ _id: null, n: new Double(1.5) }]),
  on(Array.from({ length: 10 }, (_, _id) => ({ _id, n: new Double(0.1) })))(
    '$sum of many doubles loses nothing',
    [{ $group: { _id: null, n: { $sum: '$n' } } }],
    [{ _id: null, n: new Double(1) }],
  ),
  reviews(
    '$sort, $skip and $limit',
    [{ $sort: { _id: -1 } }, { $skip: 1 }, { $limit: 2 }, { $project: { _id: 1 } }],
    [{ _id: 4 }, { _id: 3 }],
  ),
  reviews('$limit before $sort', [BY_ID, { $limit: 2 }, { $sort: { _id: -1 } }, { $project: { _id: 1 } }], [{ _id: 2 }, { _id: 1 }]),
  reviews('$match after $group', [{ $group: { _id: '$product', n: { $sum: 1 } } }, { $match: { n: { $gt: 1 } } }], [{ _id: 'a', n: 3 }]),
  reviews('$project takes fields', [{ $match: { _id: 1 } }, { $project: { rating: 1, _id: 0 } }], [{ rating: 5 }]),
  reviews('$project takes fields away', [{ $match: { _id: 3 } }, { $project: { rating: 0 } }], [{ _id: 3, product: 'b' }]),
  reviews(
    '$unwind gives a document for each item',
    [BY_ID, { $unwind: '$photos' }, { $project: { photos: 1 } }],
    [
      { _id: 1, photos: 'x' },
      { _id: 1, photos: 'y' },
      { _id: 5, photos: 'z' },
    ],
  ),
  reviews(
    '$unwind keeps the empty ones when it is told',
    [BY_ID, { $unwind: { path: '$photos', preserveNullAndEmptyArrays: true } }, { $project: { photos: 1 } }],
    [{ _id: 1, photos: 'x' }, { _id: 1, photos: 'y' }, { _id: 2 }, { _id: 3 }, { _id: 4, photos: null }, { _id: 5, photos: 'z' }],
  ),
  reviews(
    '$unwind and $group',
    [{ $unwind: '$photos' }, { $group: { _id: '$photos', n: { $sum: 1 } } }, BY_ID],
    [
      { _id: 'x', n: 1 },
      { _id: 'y', n: 1 },
      { _id: 'z', n: 1 },
    ],
  ),
  reviews('an empty pipeline gives all', [], REVIEWS),
];
