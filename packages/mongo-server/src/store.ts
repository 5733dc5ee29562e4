// Collections and their indexes in LMDB: documents under their _id, index entries under their values, both in the order of their bytes.
// A writing transaction runs alone; many share one flush to the disk, and nobody is answered before it.
import { mkdirSync } from 'node:fs';
import { BSON } from 'bson';
import { type Database as Lmdb, open, type RootDatabase } from 'lmdb';
import { Fault } from './fault.js';
import { keysAt } from './paths.js';
import { type Doc, encode, NOTHING, type Value } from './values.js';

const MAX_DOCUMENT = 16 * 1024 * 1024;
// LMDB's own limit is 1,978.
const MAX_KEY = 1_900;
const MAP_SIZE = 64 * 1024 ** 3;

export interface Index {
  readonly number: number;
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly unique: boolean;
  readonly sparse: boolean;
  /** The paths at which some document had an array; never forgotten. */
  multikey: string[];
}

export interface Collection {
  readonly namespace: string;
  readonly number: number;
  /** The first is that of _id: the documents themselves. */
  readonly indexes: Index[];
  nextIndex: number;
}

/** Numbers keep their types; strings and dates are JavaScript's. */
export const readDocument = (bytes: Uint8Array): Doc => BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true }) as Doc;

export function writeDocument(doc: Doc): Buffer {
  const bytes = Buffer.from(BSON.serialize(doc, { ignoreUndefined: false }));
  if (bytes.length > MAX_DOCUMENT)
    throw new Fault('BSONObjectTooLarge', `the document has ${bytes.length} bytes, more than ${MAX_DOCUMENT}`);
  return bytes;
}

export class Store {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #meta: Lmdb<string, string>;
  readonly #collections = new Map<string, Collection>();

  constructor(folder: string, { durable = true } = {}) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#root = open<Buffer, Buffer>({
      path: folder,
      keyEncoding: 'binary',
      encoding: 'binary',
      mapSize: MAP_SIZE,
      noSync: !durable,
      maxDbs: 2,
    });
    this.#meta = this.#root.openDB<string, string>({ name: 'collections', keyEncoding: 'ordered-binary', encoding: 'string' });
    for (const { value } of this.#meta.getRange()) {
      const collection = JSON.parse(value) as Collection;
      this.#collections.set(collection.namespace, collection);
    }
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  /** Runs alone; resolves when what it wrote is on the disk. It must check before it writes: what it has written stays. */
  async write<T>(work: () => T): Promise<T> {
    const result = await this.#root.transaction(() => {
      try {
        return { value: work() };
      } catch (error) {
        return { error };
      }
    });
    await this.#root.flushed;
    if ('error' in result) throw result.error;
    return result.value;
  }

  find = (namespace: string): Collection | undefined => this.#collections.get(namespace);

  list(database: string): Collection[] {
    return [...this.#collections.values()].filter(({ namespace }) => namespace.startsWith(`${database}.`));
  }

  databases(): string[] {
    return [...new Set([...this.#collections.keys()].map((namespace) => namespace.slice(0, namespace.indexOf('.'))))];
  }

  ensure(namespace: string): Collection {
    const known = this.#collections.get(namespace);
    if (known) return known;
    const number = Math.max(0, ...[...this.#collections.values()].map((collection) => collection.number)) + 1;
    const byId: Index = { number: 0, name: '_id_', key: { _id: 1 }, unique: true, sparse: false, multikey: [] };
    const collection: Collection = { namespace, number, indexes: [byId], nextIndex: 1 };
    this.#collections.set(namespace, collection);
    this.#save(collection);
    return collection;
  }

  drop(collection: Collection): void {
    for (const index of collection.indexes) this.#clear(collection, index);
    this.#collections.delete(collection.namespace);
    void this.#meta.remove(collection.namespace);
  }

  addIndex(collection: Collection, spec: Omit<Index, 'number' | 'multikey'>): void {
    const index: Index = { ...spec, number: collection.nextIndex++, multikey: [] };
    const added: [Buffer, Buffer][] = [];
    const seen = new Set<string>();
    for (const { value } of this.#root.getRange(rangeOf(collection, collection.indexes[0]!))) {
      const doc = readDocument(value);
      for (const key of entriesOf(collection, index, doc)) {
        const held = key.subarray(0, key.length - encode(doc._id).length).toString('latin1');
        if (index.unique && seen.has(held)) throw duplicate(collection, index, doc, key);
        if (index.unique) seen.add(held);
        added.push([key, encode(doc._id)]);
      }
    }
    for (const [key, id] of added) void this.#root.put(key, id);
    collection.indexes.push(index);
    this.#save(collection);
  }

  dropIndex(collection: Collection, index: Index): void {
    this.#clear(collection, index);
    collection.indexes.splice(collection.indexes.indexOf(index), 1);
    this.#save(collection);
  }

  get(collection: Collection, encodedId: Buffer): Doc | undefined {
    const bytes = this.#root.get(keyOf(collection, 0, encodedId));
    return bytes && readDocument(bytes);
  }

  /** Writes a document in the place of `before`; both undefined are nothing and gone. Refuses what a unique index has already. */
  put(collection: Collection, before: Doc | undefined, after: Doc | undefined): void {
    const id = encode((after ?? before)!._id);
    const bytes = after && writeDocument(after);
    if (after && !before && this.#root.doesExist(keyOf(collection, 0, id)))
      throw duplicate(collection, collection.indexes[0]!, after, keyOf(collection, 0, id));
    if (keyOf(collection, 0, id).length > MAX_KEY) throw new Fault('KeyTooLong', 'the _id is too long');
    const arraysBefore = countArrays(collection);
    const changes = collection.indexes.slice(1).map((index) => {
      const old = before ? entriesOf(collection, index, before) : [];
      const fresh = after ? entriesOf(collection, index, after) : [];
      if (index.unique) for (const key of fresh) if (this.#isHeld(key, id)) throw duplicate(collection, index, after!, key);
      return { old, fresh };
    });
    for (const { old, fresh } of changes) {
      for (const key of old) if (!fresh.some((each) => each.equals(key))) void this.#root.remove(key);
      for (const key of fresh) if (!old.some((each) => each.equals(key))) void this.#root.put(key, id);
    }
    if (bytes) void this.#root.put(keyOf(collection, 0, id), bytes);
    else void this.#root.remove(keyOf(collection, 0, id));
    if (countArrays(collection) !== arraysBefore) this.#save(collection);
  }

  /** Entries of an index between two keys, at most so many: [key, encoded _id]. Of the index of _id the documents themselves. */
  scan(collection: Collection, index: Index, range: Range, limit: number): { readonly key: Buffer; readonly value: Buffer }[] {
    const { start, end } = rangeOf(collection, index, range);
    const options = range.reverse ? { start: end, end: start, reverse: true, exclusiveStart: true } : { start, end };
    const after = range.after && { start: range.after, exclusiveStart: true };
    return [...this.#root.getRange({ ...options, ...after, limit })].map(({ key, value }) => ({ key: Buffer.from(key), value }));
  }

  has(collection: Collection, index: Index, entry: Buffer): boolean {
    return this.#root.doesExist(keyOf(collection, index.number, entry));
  }

  /** How many entries there are in a range, as far as it is worth counting. */
  countUpTo(collection: Collection, index: Index, range: Range, limit: number): number {
    const { start, end } = rangeOf(collection, index, range);
    return this.#root.getKeysCount({ start, end, limit });
  }

  // Somebody else's entry with the same values.
  #isHeld(key: Buffer, id: Buffer): boolean {
    const start = key.subarray(0, key.length - id.length);
    for (const { value } of this.#root.getRange({ start, end: after(start), limit: 2 })) if (!value.equals(id)) return true;
    return false;
  }

  #clear(collection: Collection, index: Index): void {
    for (const key of this.#root.getKeys(rangeOf(collection, index))) void this.#root.remove(Buffer.from(key));
  }

  #save(collection: Collection): void {
    void this.#meta.put(collection.namespace, JSON.stringify(collection));
  }
}

/** Encoded values between which to read; `after`: go on behind this whole key. */
export interface Range {
  readonly start?: Buffer;
  readonly end?: Buffer;
  readonly reverse?: boolean;
  readonly after?: Buffer;
  /** Ranges are in one order only by what follows so many bytes of their keys. */
  readonly prefix?: number;
}

const HEAD_BYTES = 6;

/** What follows a prefix in the key of an index entry. */
export const restOf = (key: Buffer, prefix: number): Buffer => key.subarray(HEAD_BYTES + prefix);

function keyOf(collection: Collection, index: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(collection.number);
  head.writeUInt16BE(index, 4);
  return Buffer.concat([head, rest]);
}

function rangeOf(collection: Collection, { number }: Index, { start = Buffer.alloc(0), end }: Range = {}): { start: Buffer; end: Buffer } {
  return {
    start: keyOf(collection, number, start),
    end: end ? keyOf(collection, number, end) : keyOf(collection, number + 1, Buffer.alloc(0)),
  };
}

const countArrays = ({ indexes }: Collection): number => indexes.reduce((count, { multikey }) => count + multikey.length, 0);

/** The first key behind all that begin with this one. */
export function after(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (prefix[length - 1] === 0xff) length -= 1;
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1]! += 1;
  return next;
}

/** What an index has of a document: an entry for each value of an array, none for what a sparse one leaves out. */
function entriesOf(collection: Collection, index: Index, doc: Doc): Buffer[] {
  const fields = Object.entries(index.key).map(([path, direction]) => ({ path, direction, ...keysAt(doc, path) }));
  const arrays = fields.filter(({ isArray }) => isArray);
  if (arrays.length > 1) throw new Fault('CannotIndexParallelArrays', 'cannot index parallel arrays');
  for (const { path } of arrays) if (!index.multikey.includes(path)) index.multikey.push(path);
  const id = encode(doc._id);
  let combinations: { readonly heads: readonly Buffer[]; readonly isThere: boolean }[] = [{ heads: [], isThere: false }];
  for (const { values, hasEmpty, direction } of fields) {
    const own = values.map((value) => ({ bytes: directed(encode(value), direction), isThere: value !== undefined }));
    if (hasEmpty) own.push({ bytes: directed(NOTHING, direction), isThere: true });
    combinations = combinations.flatMap(({ heads, isThere }) =>
      own.map((each) => ({ heads: [...heads, each.bytes], isThere: isThere || each.isThere })),
    );
  }
  const kept = combinations.filter(({ isThere }) => isThere || !index.sparse).map(({ heads }) => Buffer.concat(heads));
  const keys = new Map(kept.map((values) => [values.toString('latin1'), keyOf(collection, index.number, Buffer.concat([values, id]))]));
  for (const key of keys.values())
    if (key.length > MAX_KEY) throw new Fault('KeyTooLong', `a value is too long for the index ${index.name}: ${key.length} bytes`);
  return [...keys.values()];
}

/** Descending fields are stored upside down. */
export function directed(bytes: Buffer, direction: 1 | -1): Buffer {
  if (direction === 1) return bytes;
  const turned = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at++) turned[at] = ~bytes[at]! & 0xff;
  return turned;
}

function duplicate({ namespace }: Collection, { name, key }: Index, doc: Doc, held: Buffer): Fault {
  // Of an array, the item that is in the key.
  let rest = held.subarray(HEAD_BYTES);
  const keyValue: Doc = {};
  for (const [path, direction] of Object.entries(key)) {
    const beginning = (value: Value) => directed(encode(value), direction);
    const value = keysAt(doc, path).values.find((each) => rest.subarray(0, beginning(each).length).equals(beginning(each)));
    rest = rest.subarray(beginning(value).length);
    keyValue[path] = value ?? null;
  }
  const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${JSON.stringify(value)}`);
  const message = `E11000 duplicate key error collection: ${namespace} index: ${name} dup key: { ${shown.join(', ')} }`;
  return new Fault('DuplicateKey', message, { keyPattern: key, keyValue });
}
