// The hashes of the archive. SHA-256 everywhere; the first byte says what is hashed, so that nothing can be taken for something else.
import { hash } from 'node:crypto';
import { canonical } from './canonical.js';

const ENTRY = 0x00;
const COMMITMENT = 0x02;
const RECORD = 0x03;
const CHECKPOINT = 0x04;

export const HASH_BYTES = 32;
/** What stands before the first. */
export const ZERO = Buffer.alloc(HASH_BYTES);

/** What was said. */
export interface Content {
  readonly text: string;
  readonly imageUrls: readonly string[];
  /** The sequence of the message that it answers; 0 for none. */
  readonly replyTo: number;
  /** Accounts. */
  readonly mentions: readonly string[];
}

/** What the hash of an entry covers, besides the commitment to its content. */
export interface EntryFacts {
  readonly room: string;
  readonly sequence: number;
  readonly time: Date;
  readonly author: string;
  /** MARK_SELLER and so on without the prefix: NONE, SELLER, MODERATOR. */
  readonly mark: string;
  /** MESSAGE, EDIT, DELETE, HIDE, UNHIDE. */
  readonly kind: string;
  /** The sequence of the message that it is about; 0 for a message. */
  readonly target: number;
}

// In one go: an object for each hash costs more than the hash.
const sha = (kind: number, ...parts: readonly (Uint8Array | string)[]): Buffer => {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  return hash('sha256', Buffer.concat([Uint8Array.of(kind), ...bytes]), 'buffer');
};

/** Binds an entry to its content without saying it: nobody guesses short texts, since the nonce (32 random bytes) is hashed with them. */
export const commitmentOf = ({ text, imageUrls, replyTo, mentions }: Content, nonce: Uint8Array): Buffer =>
  sha(COMMITMENT, nonce, canonical({ text, imageUrls, replyTo, mentions }));

/** The hash of an entry: a leaf of its room's tree, and what the next entry names as `previous`. */
export const entryHash = (
  { room, sequence, time, author, mark, kind, target }: EntryFacts,
  commitment: Uint8Array,
  previous: Uint8Array,
): Buffer =>
  sha(
    ENTRY,
    canonical({
      room,
      sequence,
      time: time.toISOString(),
      author,
      mark,
      kind,
      target,
      commitment: hex(commitment),
      previous: hex(previous),
    }),
  );

/** The hash of a record of the access log. `record` is all of it but the hash, `previous` included. */
export const recordHash = (record: Parameters<typeof canonical>[0]): Buffer => sha(RECORD, canonical(record));

/** The hash of a checkpoint's canonical form, which the next checkpoint of the room names. */
export const checkpointHash = (canonicalForm: string): Buffer => sha(CHECKPOINT, canonicalForm);

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Throws unless it is the hash of something in hexadecimal. */
export function hashFrom(text: unknown): Buffer {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) throw new TypeError(`not a hash: ${String(text).slice(0, 80)}`);
  return Buffer.from(text, 'hex');
}
