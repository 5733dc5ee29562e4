// Finds documents: lazily and in order by an index, or all of them and sorted here.
import { Fault, unsupported } from './fault.js';
import { matcherOf } from './match.js';
import { keysAt } from './paths.js';
import { type Plan, planOf, type Sort } from './plan.js';
import { type Collection, type Index, type Range, readDocument, restOf, type Store } from './store.js';
import { type Doc, encode, isDoc, isNumber, NOTHING, toNumber, type Value } from './values.js';

const CHUNK = 100;
const LEAST_CHUNK = 8;
const MAX_SORTED = 200_000;

export interface Finding {
  readonly filter: Doc;
  readonly sort?: Sort | undefined;
  readonly skip?: number | undefined;
  readonly limit?: number | undefined;
  readonly hint?: string | undefined;
}

/** Reads a chunk at a time and holds no snapshot in between: what is written meanwhile may be seen. */
export function* found(store: Store, collection: Collection | undefined, finding: Finding): Generator<Doc, void> {
  const { filter, sort = {}, skip = 0, limit = 0, hint } = finding;
  const matches = matcherOf(filter);
  if (!collection) return;
  if (hint !== undefined && !collection.indexes.some(({ name }) => name === hint)) throw new Fault('BadValue', `there is no index ${hint}`);
  const plan = planOf(store, collection, filter, sort, hint);
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  let toSkip = skip;
  for (const doc of plan.isSorted ? inOrder() : sorted(inOrder(), sort, skip + left)) {
    if (toSkip-- > 0) continue;
    yield doc;
    if (--left === 0) return;
  }

  function* inOrder(): Generator<Doc> {
    // An array has several entries, and its document is given once.
    const seen = plan.index.multikey.length > 0 ? new Set<string>() : undefined;
    for (const { key, value } of entriesOf(store, collection!, plan, plan.isSorted ? skip + left : CHUNK)) {
      const rest = plan.also.length > 0 ? restOf(key, plan.headLength) : key;
      if (!plan.also.every((head) => store.has(collection!, plan.index, Buffer.concat([head, rest])))) continue;
      if (seen?.has(value.toString('latin1'))) continue;
      seen?.add(value.toString('latin1'));
      const doc = plan.index.number === 0 ? readDocument(value) : store.get(collection!, value);
      if (doc && matches(doc)) yield doc;
    }
  }
}

type Entry = ReturnType<Store['scan']>[number];

function* entriesOf(store: Store, collection: Collection, { index, ranges, isSorted }: Plan, wanted: number): Generator<Entry> {
  if (!isSorted || ranges[0]?.prefix === undefined) {
    for (const range of ranges) yield* entriesIn(store, collection, index, range, wanted);
    return;
  }
  const heads = ranges.map((range) => {
    const entries = entriesIn(store, collection, index, range, wanted);
    return { entries, prefix: range.prefix!, next: entries.next() };
  });
  const turn = ranges[0].reverse ? -1 : 1;
  for (;;) {
    let best: { readonly rest: Buffer; readonly head: (typeof heads)[number] } | undefined;
    for (const head of heads) {
      if (head.next.done) continue;
      const rest = restOf(head.next.value.key, head.prefix);
      if (!best || Buffer.compare(rest, best.rest) * turn < 0) best = { rest, head };
    }
    if (!best) return;
    yield best.head.next.value as Entry;
    best.head.next = best.head.entries.next();
  }
}

// As many as are wanted at first, and more when these do not fit.
function* entriesIn(store: Store, collection: Collection, index: Index, range: Range, wanted: number): Generator<Entry, void> {
  let chunk = Math.min(CHUNK, Math.max(LEAST_CHUNK, wanted));
  for (let after: Buffer | undefined; ; chunk = CHUNK) {
    const entries = store.scan(collection, index, { ...range, ...(after && { after }) }, chunk);
    yield* entries;
    if (entries.length < chunk) return;
    after = entries.at(-1)!.key;
  }
}

/** In memory: no more than are wanted are kept, and not too many. */
export function sorted(documents: Iterable<Doc>, sort: Sort, wanted = Number.POSITIVE_INFINITY): Doc[] {
  const directions = Object.values(sort);
  let keyed: { readonly doc: Doc; readonly keys: readonly Buffer[] }[] = [];
  const settle = (): void => {
    keyed.sort((a, b) => {
      for (const [at, direction] of directions.entries()) {
        const sign = Buffer.compare(a.keys[at]!, b.keys[at]!);
        if (sign !== 0) return sign * direction;
      }
      return 0;
    });
    if (keyed.length > wanted) keyed = keyed.slice(0, wanted);
  };
  for (const doc of documents) {
    keyed.push({ doc, keys: Object.entries(sort).map(([path, direction]) => sortKey(doc, path, direction)) });
    if (keyed.length >= 2 * wanted + CHUNK) settle();
    if (keyed.length > MAX_SORTED)
      throw new Fault('QueryExceededMemoryLimitNoDiskUseAllowed', `more than ${MAX_SORTED} documents to sort: an index is missing`);
  }
  settle();
  return keyed.map(({ doc }) => doc);
}

// Of an array the least when ascending, the greatest when descending; an empty one comes before null.
function sortKey(doc: Doc, path: string, direction: 1 | -1): Buffer {
  const { values, hasEmpty } = keysAt(doc, path);
  const keys = [...(hasEmpty ? [NOTHING] : []), ...values.map((value) => encode(value))];
  return keys.reduce((best, key) => (Buffer.compare(key, best) * direction < 0 ? key : best));
}

export function sortOf(value: Value): Sort {
  if (value === undefined) return {};
  if (!isDoc(value)) throw new Fault('TypeMismatch', 'a sort is a document');
  return Object.fromEntries(Object.entries(value).map(([path, direction]) => [path, directionOf(path, direction)]));
}

export function directionOf(path: string, direction: Value): 1 | -1 {
  if (path.split('.').some((step) => /^\d+$/.test(step))) throw unsupported(`an order by a place of an array ("${path}")`);
  const number = isNumber(direction) ? toNumber(direction) : 0;
  if (number !== 1 && number !== -1) throw unsupported(`the direction ${JSON.stringify(direction)} of "${path}"`);
  return number;
}

/** What a projection leaves of a document: fields by name or dotted path, put in or left out. */
export function projectionOf(projection: Value): (doc: Doc) => Doc {
  if (projection === undefined || (isDoc(projection) && Object.keys(projection).length === 0)) return (doc) => doc;
  if (!isDoc(projection)) throw new Fault('TypeMismatch', 'a projection is a document');
  const fields = Object.entries(projection).map(([path, value]) => {
    if (!isNumber(value) && typeof value !== 'boolean') throw unsupported(`the projection of "${path}" by ${JSON.stringify(value)}`);
    if (path.includes('$')) throw unsupported(`the projection "${path}"`);
    return { steps: path.split('.'), isIn: typeof value === 'boolean' ? value : toNumber(value) !== 0 };
  });
  const named = fields.filter(({ steps }) => steps.join('.') !== '_id');
  const isInclusion = named.length > 0 ? named[0]!.isIn : fields[0]!.isIn;
  if (named.some(({ isIn }) => isIn !== isInclusion)) throw new Fault('BadValue', 'a projection either puts fields in or leaves them out');
  const id = fields.find(({ steps }) => steps.join('.') === '_id');
  const paths = named.map(({ steps }) => steps);
  if (id && id.isIn === isInclusion) paths.push(['_id']);
  if (isInclusion && !id) paths.push(['_id']);
  if (!isInclusion && id?.isIn === false && !paths.some((steps) => steps[0] === '_id')) paths.push(['_id']);
  return (doc) => part(doc, paths, isInclusion) as Doc;
}

function part(value: Value, paths: readonly (readonly string[])[], isInclusion: boolean): Value {
  if (Array.isArray(value)) {
    const items = isInclusion ? value.filter((item) => isDoc(item) || Array.isArray(item)) : value;
    return items.map((item) => part(item, paths, isInclusion));
  }
  if (!isDoc(value)) return value;
  const kept: Doc = {};
  for (const [name, field] of Object.entries(value)) {
    const here = paths.filter(([step]) => step === name);
    const isWhole = here.some(({ length }) => length === 1);
    const deeper = here.filter(({ length }) => length > 1).map((steps) => steps.slice(1));
    if (isInclusion) {
      if (isWhole) kept[name] = field;
      else if (deeper.length > 0 && typeof field === 'object' && field !== null && (isDoc(field) || Array.isArray(field)))
        kept[name] = part(field, deeper, true);
    } else if (!isWhole) kept[name] = deeper.length > 0 ? part(field, deeper, false) : field;
  }
  return kept;
}
