// Which index finds the documents of a filter, and in which order it gives them.
import { isOperators } from './match.js';
import { isRegex } from './regex.js';
import { after, type Collection, directed, type Index, type Range, type Store } from './store.js';
import { compare, type Doc, encode, isDoc, isNullish, kindOf, sameKind, type Value } from './values.js';

export interface Plan {
  readonly index: Index;
  readonly ranges: readonly Range[];
  /** Beginnings of other entries that a document has to have, too, in the place of the first `headLength` bytes of the one that was read. */
  readonly also: readonly Buffer[];
  readonly headLength: number;
  /** The documents come in the order that was asked for. */
  readonly isSorted: boolean;
}

interface ScoredPlan extends Plan {
  readonly score: number;
}

export type Sort = Readonly<Record<string, 1 | -1>>;

/** What a filter says of one path, as far as an index can use it. */
interface Bounds {
  equals?: readonly Value[];
  /** Each of these has to be there: any one will do to find the documents. */
  all?: readonly Value[];
  exists?: true;
  start?: { readonly value: Value; readonly inclusive: boolean };
  end?: { readonly value: Value; readonly inclusive: boolean };
}

const MAX_RANGES = 1_000;
/** So many ranges are read side by side, to give one order. */
const MAX_MERGED = 50;
const COUNT_UP_TO = 1_000;

/** The index that leaves the least to look at; that of _id, which has everything, when none does. */
export function planOf(store: Store, collection: Collection, filter: Doc, sort: Sort, hint?: string): Plan {
  const bounds = boundsOf(filter);
  const branches = branchesOf(filter);
  const indexes = hint === undefined ? collection.indexes : collection.indexes.filter(({ name }) => name === hint);
  const plans = indexes
    .flatMap((index) => [planBy(store, collection, index, bounds, sort), unionBy(store, collection, index, branches, sort)])
    .filter((plan) => plan !== undefined);
  plans.sort((a, b) => b.score - a.score);
  return plans[0]!;
}

function planBy(store: Store, collection: Collection, index: Index, bounds: Map<string, Bounds>, sort: Sort): ScoredPlan | undefined {
  const fields = Object.entries(index.key);
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let used = 0;
  let firstHead: Buffer | undefined;
  for (const [path, direction] of fields) {
    const values = equalityOf(store, collection, index, bounds.get(path), prefixes[0]!, direction);
    if (!values || prefixes.length * values.length > MAX_RANGES) break;
    prefixes = prefixes.flatMap((prefix) => values.map((value) => Buffer.concat([prefix, directed(encode(value), direction)])));
    used += 1;
    firstHead ??= prefixes[0];
  }
  const next = fields[used];
  const limits = next && limitsOf(index, next[0], bounds.get(next[0]), next[1]);
  // A sparse index has only what has one of its fields.
  const leavesOut = fields.some(([path]) => bounds.get(path)?.exists);
  if (index.sparse && used === 0 && !limits && !leavesOut) return undefined;
  const order = directionOf(index, fields.slice(used), fields.slice(0, used), sort, bounds);
  const isMerged = prefixes.length > 1 && Object.keys(sort).length > 0;
  const isSorted = order !== 0 && (!isMerged || prefixes.length <= MAX_MERGED);
  const reverse = order === -1;
  const ranges = prefixes
    .map((prefix): Range => {
      const start = limits?.start ? Buffer.concat([prefix, limits.start]) : prefix;
      const end = limits?.end ? Buffer.concat([prefix, limits.end]) : prefix.length > 0 ? after(prefix) : undefined;
      return { start, ...(end && { end }), reverse, ...(isMerged && { prefix: prefix.length }) };
    })
    .sort((a, b) => Buffer.compare(a.start!, b.start!));
  if (reverse) ranges.reverse();
  // The other values that all have to be there: looking for their entries is cheaper than reading documents.
  const [firstPath, firstDirection] = fields[0]!;
  const head = used > 0 && prefixes.length === 1 && !bounds.get(firstPath)?.equals ? (firstHead ?? undefined) : undefined;
  const others = (head && bounds.get(firstPath)?.all?.filter((value) => !isNullish(value))) || [];
  const also = others.map((value) => directed(encode(value), firstDirection)).filter((bytes) => !bytes.equals(head!));
  const isUniqueHit = index.unique && used === fields.length;
  const score =
    used * 4 +
    (limits ? 2 : 0) +
    (isSorted && Object.keys(sort).length > 0 ? 3 : 0) +
    (isUniqueHit ? 100 : 0) +
    (index.sparse && leavesOut ? 1 : 0);
  return { index, ranges, also, headLength: head?.length ?? 0, isSorted, score };
}

// Of an $or each branch has ranges of its own, when the index finds something by all of them.
function unionBy(
  store: Store,
  collection: Collection,
  index: Index,
  branches: readonly Map<string, Bounds>[],
  sort: Sort,
): ScoredPlan | undefined {
  const plans: ScoredPlan[] = [];
  const [firstPath] = Object.keys(index.key);
  for (const branch of branches) {
    const plan = branch.get(firstPath!)?.equals && planBy(store, collection, index, branch, {});
    if (!plan) return undefined;
    plans.push(plan);
  }
  const ranges = apart(plans.flatMap((plan) => plan.ranges));
  if (plans.length === 0 || ranges.length > MAX_RANGES) return undefined;
  const isSorted = Object.keys(sort).length === 0;
  return { index, ranges, also: [], headLength: 0, isSorted, score: Math.min(...plans.map(({ score }) => score)) };
}

// What two branches find is read once.
function apart(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  for (const range of [...ranges].sort((a, b) => Buffer.compare(a.start!, b.start!))) {
    const before = found.at(-1);
    if (!before || (before.end && Buffer.compare(before.end, range.start!) <= 0)) found.push(range);
    else if (before.end && (!range.end || Buffer.compare(before.end, range.end) < 0))
      found[found.length - 1] = { ...range, start: before.start! };
  }
  return found;
}

// Of values that all have to be there, the rarest is read.
function equalityOf(store: Store, collection: Collection, index: Index, bounds: Bounds | undefined, prefix: Buffer, direction: 1 | -1) {
  if (bounds?.equals) return bounds.equals.some(isNullish) && index.sparse ? undefined : bounds.equals;
  if (!bounds?.all || bounds.all.length === 0 || (index.sparse && bounds.all.some(isNullish))) return undefined;
  if (bounds.all.length === 1) return bounds.all;
  const counted = bounds.all.map((value) => {
    const start = Buffer.concat([prefix, directed(encode(value), direction)]);
    return { value, count: store.countUpTo(collection, index, { start, end: after(start) }, COUNT_UP_TO) };
  });
  return [counted.reduce((best, each) => (each.count < best.count ? each : best)).value];
}

function limitsOf(
  { multikey }: Index,
  path: string,
  bounds: Bounds | undefined,
  direction: 1 | -1,
): { start: Buffer; end: Buffer } | undefined {
  if (!bounds?.start && !bounds?.end) return undefined;
  const kind = { bytes: kindOf((bounds.start ?? bounds.end)!.value), inclusive: true };
  // In an array one item may be above the one and another below the other.
  const upper = multikey.includes(path) && bounds.start ? undefined : bounds.end;
  const limit = (bound: typeof upper) => (bound ? { bytes: encode(bound.value), inclusive: bound.inclusive } : kind);
  const [low, high] = [limit(bounds.start), limit(upper)];
  const [first, last] = direction === 1 ? [low, high] : [high, low];
  const [start, end] = [directed(first.bytes, direction), directed(last.bytes, direction)];
  return { start: first.inclusive ? start : after(start), end: last.inclusive ? after(end) : end };
}

// 1 or -1 when the index gives the order that is asked for, read forwards or backwards.
type Fields = readonly (readonly [string, 1 | -1])[];

function directionOf({ multikey }: Index, rest: Fields, fixed: Fields, sort: Sort, bounds: Map<string, Bounds>): 0 | 1 | -1 {
  const isFixed = (path: string) =>
    fixed.some(([name]) => name === path) && bounds.get(path)?.equals?.length === 1 && !multikey.includes(path);
  const wanted = Object.entries(sort).filter(([path]) => !isFixed(path));
  if (wanted.length === 0) return 1;
  if (wanted.length > rest.length) return 0;
  const turn = wanted[0]![1] * rest[0]![1];
  // Of an array a sort takes the least or the greatest item: the index has each.
  const fits = wanted.every(
    ([path, direction], at) => rest[at]![0] === path && rest[at]![1] * turn === direction && !multikey.includes(path),
  );
  return fits ? (turn as 1 | -1) : 0;
}

function boundsOf(filter: Doc, bounds = new Map<string, Bounds>()): Map<string, Bounds> {
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and' && Array.isArray(condition)) for (const each of condition) boundsOf(each as Doc, bounds);
    if (path === '$or' && Array.isArray(condition)) {
      for (const [each, hull] of hullOf(condition.map((branch) => boundsOf(branch as Doc))))
        bounds.set(each, { ...hull, ...bounds.get(each) });
    }
    if (path.startsWith('$')) continue;
    const known = bounds.get(path) ?? {};
    bounds.set(path, { ...known, ...boundOf(condition) });
  }
  return bounds;
}

// What a filter with one $or says, for each of its branches; none without one.
function branchesOf({ $or: branches, ...rest }: Doc): Map<string, Bounds>[] {
  return Array.isArray(branches) ? branches.map((branch) => boundsOf({ $and: [rest, branch as Doc] })) : [];
}

// Whichever holds: a path that each of them limits is limited by the widest.
function hullOf(branches: readonly Map<string, Bounds>[]): Map<string, Bounds> {
  const hull = new Map<string, Bounds>();
  for (const path of branches[0]?.keys() ?? []) {
    const each = branches.map((branch) => branch.get(path) ?? {});
    const lows = each.flatMap(({ equals, start }) => equals ?? (start ? [start.value] : []));
    const highs = each.flatMap(({ equals, end }) => equals ?? (end ? [end.value] : []));
    const all = [...lows, ...highs];
    if (all.length === 0 || all.some((value) => isNullish(value) || !sameKind(value, all[0]))) continue;
    const bound: Bounds = {};
    if (each.every(({ equals, start }) => equals ?? start))
      bound.start = { value: lows.reduce((a, b) => (compare(b, a) < 0 ? b : a)), inclusive: true };
    if (each.every(({ equals, end }) => equals ?? end))
      bound.end = { value: highs.reduce((a, b) => (compare(b, a) > 0 ? b : a)), inclusive: true };
    hull.set(path, bound);
  }
  return hull;
}

function boundOf(condition: Value): Bounds {
  if (!isOperators(condition)) return isPlain(condition) ? { equals: [condition] } : {};
  const found: Bounds = {};
  for (const [operator, value] of Object.entries(condition)) {
    if (operator === '$eq' && isPlain(value)) found.equals = [value];
    if (operator === '$in' && Array.isArray(value) && value.every(isPlain)) found.equals = value;
    if (operator === '$all' && Array.isArray(value) && value.every((each) => isPlain(each) && !isOperators(each))) found.all = value;
    if (operator === '$exists' && value === true) found.exists = true;
    if (isNullish(value)) continue;
    if (operator === '$gt' || operator === '$gte') found.start = { value, inclusive: operator === '$gte' };
    if (operator === '$lt' || operator === '$lte') found.end = { value, inclusive: operator === '$lte' };
  }
  return found;
}

// An array equals itself and also an item: the index has only its items.
const isPlain = (value: Value): boolean => !Array.isArray(value) && !isRegex(value) && (!isDoc(value) || !isOperators(value));
