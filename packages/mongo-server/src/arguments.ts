// Arguments of commands, read as what they have to be.
import { Long } from 'bson';
import { Fault } from './fault.js';
import { sortOf } from './find.js';
import type { Collection } from './store.js';
import { type Doc, isDoc, isNumber, toNumber, type Value } from './values.js';

export function namespaceOf(collection: Value, database: string): string {
  if (typeof collection !== 'string' || collection === '' || collection.includes('$') || collection.includes('\0'))
    throw new Fault('BadValue', `not the name of a collection: ${JSON.stringify(collection)}`);
  return `${database}.${collection}`;
}

export function docOf(value: Value, name: string): Doc {
  if (!isDoc(value)) throw new Fault('TypeMismatch', `${name} has to be a document`);
  return value;
}

export function documentsOf(value: Value): Doc[] {
  if (!Array.isArray(value) || !value.every(isDoc)) throw new Fault('TypeMismatch', 'documents are expected');
  return value as Doc[];
}

export function numberOf(value: Value, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = isNumber(value) ? toNumber(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new Fault('TypeMismatch', 'a whole number is expected');
  return number;
}

export function countOf(value: Value): number {
  const count = numberOf(value, 0);
  if (count < 0) throw new Fault('BadValue', 'a number from 0 on is expected');
  return count;
}

export const longOf = (value: Value): bigint => (value instanceof Long ? value.toBigInt() : BigInt(numberOf(value, 0)));

export function hintOf(hint: Value, collection: Collection | undefined): string | undefined {
  if (hint === undefined || typeof hint === 'string') return hint;
  const key = JSON.stringify(sortOf(hint));
  return collection?.indexes.find((index) => JSON.stringify(index.key) === key)?.name ?? key;
}
