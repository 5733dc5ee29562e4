import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** A new id: a UUIDv7, so that ids sort by their time of birth and indexes grow at their end. */
export const newId = (): string => v7();

/** An id that says what is asked: the same for the same, whoever asks and however often. A UUIDv8, whose bits are a hash of what it stands for. */
export function requestIdOf(what: Uint8Array | string): string {
  const hash = createHash('sha256').update(what).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}
