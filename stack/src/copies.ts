// How many copies of a service run: `--copies funding=2` of npm start, or { funding: 2 } of a test. One, where nothing is said.
import type { Service } from './services.js';

const COPIES_AT_MOST = 9;

export type Copies = Readonly<Record<string, number>>;

/** What the processes of a service are called: "funding", "funding-2", ... */
export const copyNames = (copies: Copies, service: string): string[] =>
  Array.from({ length: copies[service] ?? 1 }, (_, index) => (index === 0 ? service : `${service}-${index + 1}`));

/** Reads "funding=2" and "funding=2,payment=3". */
export function parseCopies(texts: readonly string[]): Copies {
  const pairs = texts.flatMap((text) => text.split(',')).map((text) => [text, /^([a-z-]+)=(\d+)$/.exec(text)] as const);
  const copies: Record<string, number> = {};
  for (const [text, parts] of pairs) {
    if (!parts) throw refusal(`"${text}" says no number of copies: npm start -- --copies funding=2`);
    const [, service = '', count] = parts;
    if (copies[service] !== undefined) throw refusal(`${service} is named twice among the copies.`);
    copies[service] = Number(count);
  }
  return copies;
}

/** Throws, in plain words, what is wrong with them. */
export function checkCopies(copies: Copies, services: readonly Service[]): void {
  const names = services.map(({ name }) => name);
  for (const [service, count] of Object.entries(copies)) {
    if (!names.includes(service)) throw refusal(`There is no service "${service}" to run copies of. There are: ${names.join(', ')}.`);
    if (!Number.isInteger(count) || count < 1 || count > COPIES_AT_MOST)
      throw refusal(`${count} is no number of copies for ${service}: 1 to ${COPIES_AT_MOST}.`);
  }
}

const refusal = (text: string) => Object.assign(new Error(text), { explained: text });
