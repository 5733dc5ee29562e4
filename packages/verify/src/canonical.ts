/** What canonical JSON can say. Numbers are safe integers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * JSON in the one form that is hashed and signed: RFC 8785 for strings, safe integers, booleans, null, arrays and objects: names in the order
 * of their UTF-16 code units, no spaces. Throws a TypeError for anything else.
 */
export function canonical(value: Json): string {
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw new TypeError('a string with half a surrogate pair');
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new TypeError(`${value} is no safe integer`);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`${typeof value} has no canonical form`);
  const object = value as { readonly [name: string]: Json };
  const fields = Object.keys(object)
    .sort()
    .map((name) => `${canonical(name)}:${canonical(object[name]!)}`);
  return `{${fields.join(',')}}`;
}
