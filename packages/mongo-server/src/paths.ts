// Values at a dotted path, as queries, indexes and sorting look for them: through arrays.
import { isDoc, type Value } from './values.js';

/**
 * What stands at a path: one undefined where there is nothing; several where it leads through arrays, none when these have no documents.
 * An array at the end is not opened.
 */
export function valuesAt(value: Value, path: string): Value[] {
  const dot = path.indexOf('.');
  const step = dot < 0 ? path : path.slice(0, dot);
  const rest = dot < 0 ? undefined : path.slice(dot + 1);
  const go = (next: Value): Value[] => (rest === undefined ? [next] : valuesAt(next, rest));
  if (isDoc(value)) return go(Object.hasOwn(value, step) ? value[step] : undefined);
  if (!Array.isArray(value)) return [undefined];
  const inItems = value.filter(isDoc).flatMap((item) => valuesAt(item, path));
  const atPlace = /^\d+$/.test(step) && Number(step) < value.length ? go(value[Number(step)]) : [];
  return [...atPlace, ...inItems];
}

export interface Keys {
  readonly values: readonly Value[];
  /** There was an empty array, which has a key of its own. */
  readonly hasEmpty: boolean;
  /** There was an array on the way, or at the end. */
  readonly isArray: boolean;
}

/** The values of an index or a sort at a path: arrays are opened, and what is no document in one has nothing below it. */
export function keysAt(doc: Value, path: string): Keys {
  const steps = path.split('.');
  const values: Value[] = [];
  let [hasEmpty, isArray] = [false, false];
  const visit = (value: Value, at: number): void => {
    if (!Array.isArray(value)) {
      visitItem(value, at);
      return;
    }
    isArray = true;
    if (value.length === 0 && at === steps.length) hasEmpty = true;
    else if (value.length === 0) values.push(undefined);
    else for (const item of value) visitItem(item, at);
  };
  const visitItem = (value: Value, at: number): void => {
    const step = steps[at];
    if (step === undefined) values.push(value);
    else if (isDoc(value)) visit(Object.hasOwn(value, step) ? value[step] : undefined, at + 1);
    else values.push(undefined);
  };
  visit(doc, 0);
  return { values, hasEmpty, isArray };
}
