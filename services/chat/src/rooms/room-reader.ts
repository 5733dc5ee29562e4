// One reader's place in a room's log. An iterator by hand, since thousands of them move with each message: a generator costs as much as the
// write itself.
import { kitFail } from '@moa/kit';
import { encodeSign } from '../convert.js';
import type { Line } from './line.js';

/** What a room keeps for all its readers. */
export interface Lines {
  /** The newest, without a gap; the last one's sequence is `head`. */
  lines: Line[];
  head: number;
  /** Grows with each sign of life. */
  signs: number;
}

/** What a reader asks of its room. */
interface Room {
  /** Lines of the log after a sequence. */
  readOn(at: number): Promise<readonly Line[]>;
  /** Resolves when the room is open. Throws when its log has not come to the sequence. */
  expect(at: number): Promise<void>;
  left(): void;
}

/** Whoever reads, and what is to be done before and after. */
export interface Visit {
  readonly signal: AbortSignal;
  /** Throws for one who may not. */
  enter(): Promise<void>;
  leave(): void;
}

type Result = IteratorResult<Uint8Array, undefined>;

const DONE: Promise<Result> = Promise.resolve({ value: undefined, done: true });

export class RoomReader implements AsyncIterator<Uint8Array, undefined> {
  readonly #feed: Lines;
  readonly #visit: Visit;
  readonly #room: Room;
  readonly #after: number | undefined;
  readonly #onAbort = () => this.wake();
  /** The last sequence that was read; undefined before the beginning. */
  #at: number | undefined;
  #signs = 0;
  #readsAlong = false;
  /** From the log, of one who is behind. */
  #page: readonly Line[] = [];
  #next = 0;
  #wake: (() => void) | undefined;
  #hasLeft = false;

  constructor(feed: Lines, after: number | undefined, visit: Visit, room: Room) {
    this.#feed = feed;
    this.#after = after;
    this.#visit = visit;
    this.#room = room;
    visit.signal.addEventListener('abort', this.#onAbort);
  }

  /** Something may have come. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  next(): Promise<Result> {
    if (this.#visit.signal.aborted) return this.return();
    const bytes = this.#atHand();
    return bytes ? Promise.resolve({ value: bytes, done: false }) : this.#wait();
  }

  return(): Promise<Result> {
    if (!this.#hasLeft) {
      this.#hasLeft = true;
      this.#visit.signal.removeEventListener('abort', this.#onAbort);
      this.#room.left();
      this.#visit.leave();
    }
    return DONE;
  }

  #atHand(): Uint8Array | undefined {
    if (this.#at === undefined) return undefined;
    if (this.#next < this.#page.length) {
      const { sequence, bytes } = this.#page[this.#next++]!;
      this.#at = sequence;
      return bytes;
    }
    const { lines, head, signs } = this.#feed;
    const first = head - lines.length;
    if (this.#at >= first && this.#at < head) {
      this.#readsAlong = true;
      return lines[this.#at++ - first]!.bytes;
    }
    if (this.#at < head || signs === this.#signs) return undefined;
    this.#signs = signs;
    return encodeSign(this.#at);
  }

  async #wait(): Promise<Result> {
    try {
      if (this.#at === undefined) {
        const sign = await this.#begin();
        if (sign) return { value: sign, done: false };
      }
      for (;;) {
        if (this.#visit.signal.aborted) return this.return();
        const bytes = this.#atHand();
        if (bytes) return { value: bytes, done: false };
        if (this.#at! < this.#feed.head) await this.#readOn();
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  // From now on: said by a sign of life.
  async #begin(): Promise<Uint8Array | undefined> {
    await this.#visit.enter();
    await this.#room.expect(this.#after ?? 0);
    this.#signs = this.#feed.signs;
    this.#at = this.#after ?? this.#feed.head;
    this.#readsAlong = this.#after === undefined;
    return this.#readsAlong ? encodeSign(this.#at) : undefined;
  }

  async #readOn(): Promise<void> {
    if (this.#readsAlong) throw kitFail('READER_TOO_SLOW');
    this.#page = await this.#room.readOn(this.#at!);
    this.#next = 0;
  }
}
