// Updates and deletions: always inside the store's one writing transaction.
import { ObjectId } from 'bson';
import { docOf } from './arguments.js';
import { Fault, unsupported } from './fault.js';
import { found } from './find.js';
import { type Collection, type Store, writeDocument } from './store.js';
import { arrayFiltersOf, seedOf, type Update, updated, updateOf } from './update.js';
import { checkDocument, type Doc, type Value } from './values.js';

/** What is written where a filter finds something. */
interface Change {
  readonly q?: Value;
  readonly u?: Value;
  readonly arrayFilters?: Value;
}

export function updateMany(store: Store, collection: Collection, one: Doc): { n: number; nModified: number; upserted?: Value } {
  const isMulti = one.multi === true;
  const update = readUpdate(one);
  const documents = [...found(store, collection, { filter: docOf(one.q, 'q'), limit: isMulti ? 0 : 1 })];
  if (isMulti && !update.changes) throw new Fault('FailedToParse', 'multi update is not supported for replacement-style update');
  if (documents.length === 0 && one.upsert === true) {
    const { _id } = upsertOf(store, collection, update, undefined);
    return { n: 1, nModified: 0, upserted: _id ?? null };
  }
  let nModified = 0;
  for (const before of documents) {
    const after = changed(update, before, false);
    if (writeDocument(after).equals(writeDocument(before))) continue;
    store.put(collection, before, after);
    nModified += 1;
  }
  return { n: documents.length, nModified };
}

/** Writes what becomes of a document, or a new one where there is none; gives it. */
export function upsertOf(store: Store, collection: Collection, update: Update, before: Doc | undefined): Doc {
  if (before) {
    const after = changed(update, before, false);
    store.put(collection, before, after);
    return after;
  }
  const made = changed(update, seedOf(update.query), true);
  const { _id = new ObjectId(), ...rest } = made;
  const whole = { _id, ...rest };
  checkDocument(whole);
  store.put(collection, undefined, whole);
  return whole;
}

export function readUpdate({ q, u, arrayFilters }: Change): Update {
  if (Array.isArray(u)) throw unsupported('an update by a pipeline');
  return updateOf(docOf(u, 'u'), arrayFiltersOf(Array.isArray(arrayFilters) ? (arrayFilters as Doc[]) : []), docOf(q, 'q'));
}

function changed(update: Update, before: Doc, isInsert: boolean): Doc {
  const after = updated(before, update, isInsert);
  checkDocument(after);
  return after;
}

/** How many were deleted; `limit` 0 is all. */
export function remove(store: Store, collection: Collection | undefined, filter: Doc, limit: number): number {
  const documents = [...found(store, collection, { filter, limit })];
  for (const doc of documents) store.put(collection!, doc, undefined);
  return documents.length;
}
