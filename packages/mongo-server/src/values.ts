// Values of documents: which there may be, and their order, which is that of BSON. A value is encoded so that bytes compare as values do:
// one encoding serves comparisons, sorting and the keys of indexes.
import { Binary, Double, Int32, Long, ObjectId, Timestamp } from 'bson';
import { Fault, unsupported } from './fault.js';

/** A document as it is read: numbers keep their types. */
export interface Doc {
  [field: string]: Value;
}

export type Value =
  | null
  | undefined
  | string
  | boolean
  | number
  | Int32
  | Double
  | Long
  | Date
  | ObjectId
  | Binary
  | RegExp
  | Value[]
  | Doc;

// In the order of BSON's types. An empty array in an index counts as undefined, before null.
const TAGS = { undefined: 1, null: 2, number: 3, string: 4, object: 5, array: 6, binary: 7, id: 8, boolean: 9, date: 10 } as const;
const END = 0;

export const isDoc = (value: unknown): value is Doc =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

export const isNumber = (value: unknown): value is number | Int32 | Double | Long =>
  typeof value === 'number' ||
  value instanceof Int32 ||
  value instanceof Double ||
  (value instanceof Long && !(value instanceof Timestamp));

export const isNullish = (value: unknown): value is null | undefined => value === null || value === undefined;

/** A number as JavaScript has it; a Long beyond 2^53 loses its last digits. */
export const toNumber = (value: number | Int32 | Double | Long): number =>
  typeof value === 'number' ? value : value instanceof Long ? value.toNumber() : value.valueOf();

/** A whole number, exactly. */
export const toBigInt = (value: number | Int32 | Double | Long): bigint =>
  value instanceof Long ? value.toBigInt() : BigInt(toNumber(value));

const INT_MAX = 2n ** 31n - 1n;

/** An int; a long when one of its parts is, or when it is too large for an int. */
export const wholeOf = (value: bigint, parts: readonly Value[]): Int32 | Long =>
  parts.some((part) => part instanceof Long) || value > INT_MAX || value < -INT_MAX - 1n
    ? Long.fromBigInt(value)
    : new Int32(Number(value));

function tagOf(value: Value): number {
  if (isNullish(value)) return TAGS.null;
  if (typeof value === 'string') return TAGS.string;
  if (isNumber(value)) return TAGS.number;
  if (typeof value === 'boolean') return TAGS.boolean;
  if (value instanceof Date) return TAGS.date;
  if (value instanceof ObjectId) return TAGS.id;
  if (value instanceof Binary) return TAGS.binary;
  if (Array.isArray(value)) return TAGS.array;
  if (isDoc(value)) return TAGS.object;
  throw unsupported(`a value of the type ${(value as object).constructor?.name ?? typeof value}`);
}

/** Whether two values are of types that are compared with each other: 5 < "a" is never asked. */
export const sameKind = (a: Value, b: Value): boolean => tagOf(a) === tagOf(b);

export function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && a === b) return 0;
  if (a instanceof Date && b instanceof Date) return Math.sign(a.getTime() - b.getTime());
  return Buffer.compare(encode(a), encode(b));
}

export const equal = (a: Value, b: Value): boolean => (typeof a === 'string' && typeof b === 'string' ? a === b : compare(a, b) === 0);

export const encode = (value: Value): Buffer => Buffer.concat(partsOf(value));

/** What the encodings of all values of the same kind begin with. */
export const kindOf = (value: Value): Buffer => Buffer.of(tagOf(value));

/** What an empty array is in an index. */
export const NOTHING = Buffer.of(TAGS.undefined);

function partsOf(value: Value): Buffer[] {
  const tag = tagOf(value);
  const head = Buffer.of(tag);
  if (tag === TAGS.null) return [head];
  if (tag === TAGS.number) return [head, numberBytes(value as number)];
  if (tag === TAGS.string) return [head, stringBytes(value as string)];
  if (tag === TAGS.boolean) return [head, Buffer.of(value ? 1 : 0)];
  if (tag === TAGS.date) return [head, longBytes(BigInt((value as Date).getTime()))];
  if (tag === TAGS.id) return [head, Buffer.from((value as ObjectId).id)];
  if (tag === TAGS.binary) return [head, binaryBytes(value as Binary)];
  if (tag === TAGS.array) return [head, ...(value as Value[]).flatMap(partsOf), Buffer.of(END)];
  // Type first, then name, then value: as BSON compares fields.
  const fields = Object.entries(value as Doc).flatMap(([name, field]) => [Buffer.of(tagOf(field)), stringBytes(name), ...partsOf(field)]);
  return [head, ...fields, Buffer.of(END)];
}

// The nearest double in an order of bytes, and how far a Long is from it: within 1,024.
function numberBytes(value: number | Int32 | Double | Long): Buffer {
  const bytes = Buffer.alloc(10);
  const near = toNumber(value);
  if (Number.isNaN(near)) return bytes;
  bytes.writeDoubleBE(near === 0 ? 0 : near);
  if (near < 0) for (let i = 0; i < 8; i++) bytes[i] = ~bytes[i]! & 0xff;
  else bytes[0] = bytes[0]! ^ 0x80;
  const off = value instanceof Long ? Number(value.toBigInt() - BigInt(near)) : 0;
  bytes.writeUInt16BE(0x8000 + off, 8);
  return bytes;
}

function longBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  bytes[0] = bytes[0]! ^ 0x80;
  return bytes;
}

// Zeros are escaped, so that a string ends before any that goes on from it.
function stringBytes(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (!bytes.includes(0)) return Buffer.concat([bytes, Buffer.of(0, 0)]);
  return Buffer.concat([Buffer.from([...bytes].flatMap((byte) => (byte === 0 ? [0, 255] : [byte]))), Buffer.of(0, 0)]);
}

// Length, then subtype, then bytes.
function binaryBytes(value: Binary): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(value.length());
  head[4] = value.sub_type;
  return Buffer.concat([head, Buffer.from(value.value())]);
}

const MAX_DEPTH = 100;

/** Refuses what could not be kept exactly. */
export function checkDocument(value: Value, depth = 0): void {
  if (depth > MAX_DEPTH) throw new Fault('BadValue', 'the document is nested too deeply');
  if (value instanceof RegExp) throw unsupported('a regular expression as a value');
  if (Array.isArray(value)) for (const item of value) checkDocument(item, depth + 1);
  else if (isDoc(value)) {
    for (const [name, field] of Object.entries(value)) {
      if (name === '__proto__') throw unsupported('a field called __proto__');
      if (name.startsWith('$')) throw new Fault('BadValue', `the field name "${name}" begins with $`);
      // JavaScript would move it to the front.
      if (/^\d+$/.test(name)) throw unsupported(`a field called by a number ("${name}")`);
      checkDocument(field, depth + 1);
    }
  } else tagOf(value);
}
