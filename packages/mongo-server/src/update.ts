// What an update makes of a document.
import { Double } from 'bson';
import { Fault, unsupported } from './fault.js';
import { isOperators, type Matcher, matcherOf } from './match.js';
import { isRegex } from './regex.js';
import { compare, type Doc, equal, isDoc, isNumber, toBigInt, toNumber, type Value, wholeOf } from './values.js';

type Container = Doc | Value[];

const OPERATORS = new Set(['$set', '$setOnInsert', '$unset', '$inc', '$max', '$min', '$push', '$addToSet', '$pull']);

export interface Update {
  readonly update: Doc;
  /** arrayFilters by their names. */
  readonly filters: ReadonlyMap<string, Matcher>;
  /** The filter that found the document: says which item "$" is. */
  readonly query: Doc;
  /** None: the document is replaced. */
  readonly changes: readonly Change[] | undefined;
}

export function arrayFiltersOf(filters: readonly Doc[]): Map<string, Matcher> {
  return new Map(
    filters.map((filter) => {
      const names = new Set(Object.keys(filter).map((path) => path.split('.')[0]!));
      const [name] = names;
      if (names.size !== 1 || name!.startsWith('$')) throw unsupported('an array filter of several names');
      // The item stands under the filter's name.
      const matches = matcherOf(filter);
      return [name!, (item: Value) => matches({ [name!]: item })];
    }),
  );
}

/** Reads an update once. Refuses what is wrong with it whatever the document is: also when there is none. */
export function updateOf(update: Doc, filters: Update['filters'], query: Doc): Update {
  const isReplacement = !Object.keys(update)[0]?.startsWith('$');
  if (isReplacement && Object.keys(update).some((name) => name.startsWith('$')))
    throw new Fault('FailedToParse', 'a replacement has no operators');
  return { update, filters, query, changes: isReplacement ? undefined : changesOf(update, filters) };
}

/** A new document; the old one is not touched. `isInsert`: an upsert that found none. */
export function updated(before: Doc, { update, filters, query, changes }: Update, isInsert: boolean): Doc {
  if (!changes) return replaced(before, update, isInsert);
  const doc = structuredCopy(before);
  for (const { operator, path, argument } of changes) {
    if (operator === '$setOnInsert' && !isInsert) continue;
    change(doc, positional(path, before, query), path, operator, argument, filters);
  }
  if (before._id !== undefined && !equal(before._id, doc._id))
    throw new Fault('ImmutableField', "Performing an update on the path '_id' would modify the immutable field '_id'");
  return doc;
}

function replaced(before: Doc, update: Doc, isInsert: boolean): Doc {
  const _id = update._id ?? before._id;
  if (!isInsert && update._id !== undefined && !equal(update._id, before._id))
    throw new Fault('ImmutableField', "After applying the update, the (immutable) field '_id' was found to have been altered");
  const { _id: _, ...rest } = update;
  return _id === undefined ? structuredCopy(rest) : { _id, ...structuredCopy(rest) };
}

interface Change {
  readonly operator: string;
  readonly path: string;
  readonly argument: Value;
}

// In the order of the paths over all operators: new fields come in this order.
function changesOf(update: Doc, filters: Update['filters']): Change[] {
  const changes = Object.entries(update).flatMap(([operator, fields]) => {
    if (!OPERATORS.has(operator)) throw unsupported(`the update operator "${operator}"`);
    if (!isDoc(fields)) throw new Fault('FailedToParse', `Modifiers operate on fields but we found another type for ${operator}`);
    return Object.entries(fields).map(([path, argument]) => ({ operator, path, argument }));
  });
  for (const [index, { path }] of changes.entries()) {
    if (
      path
        .split('.')
        .some((step, at) => step === '' || step === '__proto__' || (step.startsWith('$') && (at === 0 || !/^\$(\[.*\])?$/.test(step))))
    )
      throw new Fault('BadValue', `'${path}' is not a path of an update`);
    const other = changes.find((each, at) => at !== index && (each.path === path || each.path.startsWith(`${path}.`)));
    if (other) throw new Fault('ConflictingUpdateOperators', `Updating the path '${other.path}' would create a conflict at '${path}'`);
  }
  for (const name of filters.keys()) {
    if (!changes.some(({ path }) => path.split('.').includes(`$[${name}]`)))
      throw new Fault('FailedToParse', `The array filter for identifier '${name}' was not used in the update`);
  }
  return changes.sort((a, b) => comparePaths(a.path.split('.'), b.path.split('.')));
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((step, index) => step !== b[index]);
  const [one = '', other = ''] = [a[at], b[at]];
  if (/^\d+$/.test(one) && /^\d+$/.test(other)) return Number(one) - Number(other);
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

// "$" is the first item that the filter's conditions on the array match.
function positional(path: string, doc: Doc, query: Doc): string[] {
  const steps = path.split('.');
  const at = steps.indexOf('$');
  if (at < 0) return steps;
  if (at === 0 || steps.indexOf('$', at + 1) >= 0) throw unsupported('more than one positional "$"');
  const array = steps.slice(0, at).join('.');
  const items = steps.slice(0, at).reduce<Value>((value, step) => (isDoc(value) ? value[step] : undefined), doc);
  const index = Array.isArray(items) ? items.findIndex((item) => matchesItem(item, array, query)) : -1;
  if (index < 0) throw new Fault('BadValue', 'The positional operator did not find the match needed from the query.');
  return [...steps.slice(0, at), String(index), ...steps.slice(at + 1)];
}

function matchesItem(item: Value, array: string, query: Doc): boolean {
  const conditions = Object.entries(query).filter(([path]) => path === array || path.startsWith(`${array}.`));
  if (conditions.length === 0) return false;
  return conditions.every(([path, condition]) => {
    const isElement = isOperators(condition) && '$elemMatch' in condition;
    const inside = path === array ? 'item' : `item.${path.slice(array.length + 1)}`;
    return matcherOf({ [inside]: condition })({ item: isElement && path === array ? [item] : item });
  });
}

function change(
  at: Container,
  steps: readonly string[],
  path: string,
  operator: string,
  argument: Value,
  filters: Update['filters'],
): void {
  const [step, ...rest] = steps as [string, ...string[]];
  const filtered = /^\$\[(.*)\]$/.exec(step);
  if (filtered) {
    if (!Array.isArray(at)) throw new Fault('BadValue', `The path '${path}' must exist in the document in order to apply array updates.`);
    const name = filtered[1]!;
    const matches = name === '' ? () => true : filters.get(name);
    if (!matches) throw new Fault('BadValue', `No array filter found for identifier '${name}' in path '${path}'`);
    at.forEach((item, index) => {
      if (matches(item)) change(at, [String(index), ...rest], path, operator, argument, filters);
    });
    return;
  }
  if (Array.isArray(at) && !/^\d+$/.test(step)) {
    if (operator === '$unset') return;
    throw notViable(path, step);
  }
  const here = at as Record<string, Value>;
  if (rest.length === 0) {
    applyTo(here, step, path, operator, argument);
    return;
  }
  if (here[step] === undefined) {
    if (operator === '$unset' || operator === '$pull') return;
    if (/^\$\[/.test(rest[0]!))
      throw new Fault('BadValue', `The path '${path}' must exist in the document in order to apply array updates.`);
    put(here, step, {});
  }
  const next = here[step];
  if (!isDoc(next) && !Array.isArray(next)) {
    if (rest[0]!.startsWith('$[')) throw new Fault('BadValue', `Cannot apply array updates to a non-array element in the path '${path}'`);
    if (operator === '$unset') return;
    throw notViable(path, rest[0]!);
  }
  change(next, rest, path, operator, argument, filters);
}

const notViable = (path: string, step: string) => new Fault('PathNotViable', `Cannot create field '${step}' in the path '${path}'`);

function put(here: Record<string, Value>, step: string, value: Value): void {
  if (Array.isArray(here)) for (let i = here.length; i < Number(step); i++) here[i] = null;
  else if (/^\d+$/.test(step)) throw unsupported(`a field called by a number ("${step}")`);
  here[step] = value;
}

function applyTo(here: Record<string, Value>, step: string, path: string, operator: string, argument: Value): void {
  const old = here[step];
  switch (operator) {
    case '$set':
    case '$setOnInsert':
      put(here, step, structuredCopy(argument));
      return;
    case '$unset':
      if (Array.isArray(here)) {
        if (old !== undefined) here[step] = null;
      } else delete here[step];
      return;
    case '$inc':
      put(here, step, sum(old, argument, path));
      return;
    case '$max':
      if (old === undefined || compare(argument, old) > 0) put(here, step, argument);
      return;
    case '$min':
      if (old === undefined || compare(argument, old) < 0) put(here, step, argument);
      return;
    case '$push':
      put(here, step, [...arrayAt(old, path, operator), ...eachOf(argument, operator)]);
      return;
    case '$addToSet': {
      const items = [...arrayAt(old, path, operator)];
      for (const item of eachOf(argument, operator)) if (!items.some((known) => equal(known, item))) items.push(item);
      put(here, step, items);
      return;
    }
    case '$pull': {
      if (old === undefined) return;
      const matches = pullMatcher(argument);
      here[step] = arrayAt(old, path, operator).filter((item) => !matches(item));
      return;
    }
    default:
      throw unsupported(`the update operator "${operator}"`);
  }
}

function pullMatcher(argument: Value): Matcher {
  if (isOperators(argument)) {
    const matches = matcherOf({ item: argument });
    return (item) => matches({ item });
  }
  if (isDoc(argument)) {
    const matches = matcherOf(argument);
    return (item) => isDoc(item) && matches(item);
  }
  return (item) => equal(item, argument);
}

function arrayAt(value: Value, path: string, operator: string): Value[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Fault('BadValue', `The field '${path}' must be an array for ${operator}`);
  return value;
}

function eachOf(argument: Value, operator: string): Value[] {
  if (!isOperators(argument)) return [argument];
  if (Object.keys(argument).length !== 1 || !('$each' in argument))
    throw unsupported(`${operator} with ${Object.keys(argument).join(', ')}`);
  if (!Array.isArray(argument.$each)) throw new Fault('BadValue', '$each needs an array');
  return argument.$each;
}

// The wider type wins; an int that grows too large becomes a long.
function sum(old: Value, by: Value, path: string): Value {
  if (!isNumber(by)) throw new Fault('TypeMismatch', `Cannot increment with a non-numeric argument: {${path}}`);
  if (old === undefined) return by;
  if (!isNumber(old)) throw new Fault('TypeMismatch', `Cannot apply $inc to a value of a non-numeric type at '${path}'`);
  if (old instanceof Double || by instanceof Double) return new Double(toNumber(old) + toNumber(by));
  const total = toBigInt(old) + toBigInt(by);
  if (total !== BigInt.asIntN(64, total)) throw new Fault('BadValue', `Failed to apply $inc: '${path}' would not fit into 64 bits`);
  return wholeOf(total, [old, by]);
}

/** Documents and arrays are copied, values are shared: they are never changed. */
export function structuredCopy<T extends Value>(value: T): T {
  if (Array.isArray(value)) return value.map(structuredCopy) as T;
  if (isDoc(value)) return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, structuredCopy(field)])) as T;
  return value;
}

/** What an upsert begins with: the values that the filter asks for by equality. */
export function seedOf(filter: Doc): Doc {
  const seed: Doc = {};
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and' && Array.isArray(condition)) {
      for (const each of condition as Doc[]) Object.assign(seed, seedOf(each));
    } else if (!path.startsWith('$')) {
      const value = isOperators(condition) ? condition.$eq : condition;
      if (value === undefined || isRegex(value)) continue;
      if (path.split('.').includes('__proto__')) throw unsupported('a field called __proto__');
      change(seed, path.split('.'), path, '$set', value, new Map());
    }
  }
  return seed;
}
