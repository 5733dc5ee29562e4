// Answers that are read in pieces. A cursor that nobody reads from is forgotten after ten minutes.
import { BSON, Long } from 'bson';
import { Fault } from './fault.js';
import type { Doc } from './values.js';

const IDLE_MS = 600_000;
const MAX_BATCH_BYTES = 12 * 1024 * 1024;

interface Cursor {
  readonly namespace: string;
  readonly documents: Iterator<Doc>;
  /** Was read, and did not fit into the piece before. */
  ahead: Doc | undefined;
  usedMs: number;
}

export class Cursors {
  readonly #open = new Map<bigint, Cursor>();
  readonly #sweeper: NodeJS.Timeout;
  #next = BigInt(Date.now()) << 16n;

  constructor(idleMs = IDLE_MS) {
    this.#sweeper = setInterval(() => {
      for (const [id, { usedMs }] of this.#open) if (performance.now() - usedMs > idleMs) this.close(id);
    }, idleMs / 10).unref();
  }

  /** The first piece; the rest waits for getMore. */
  open(namespace: string, documents: Iterable<Doc>, batchSize: number, isSingle: boolean): Doc {
    const cursor: Cursor = { namespace, documents: documents[Symbol.iterator](), ahead: undefined, usedMs: performance.now() };
    const { batch, isDone } = this.#read(cursor, batchSize);
    const id = isDone || isSingle ? 0n : this.#next++;
    if (id !== 0n) this.#open.set(id, cursor);
    return { cursor: { firstBatch: batch, id: Long.fromBigInt(id), ns: namespace } };
  }

  more(namespace: string, id: bigint, batchSize: number): Doc {
    const cursor = this.#open.get(id);
    if (!cursor || cursor.namespace !== namespace) throw new Fault('CursorNotFound', `cursor id ${id} not found`);
    const { batch, isDone } = this.#read(cursor, batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize);
    if (isDone) this.close(id);
    return { cursor: { nextBatch: batch, id: Long.fromBigInt(isDone ? 0n : id), ns: namespace } };
  }

  kill(namespace: string, id: bigint): boolean {
    return this.#open.get(id)?.namespace === namespace && this.close(id);
  }

  close(id: bigint): boolean {
    return this.#open.delete(id);
  }

  stop(): void {
    clearInterval(this.#sweeper);
  }

  #read(cursor: Cursor, batchSize: number): { batch: Doc[]; isDone: boolean } {
    const batch: Doc[] = [];
    let bytes = 0;
    cursor.usedMs = performance.now();
    while (batch.length < batchSize) {
      const { value, done } = cursor.ahead ? { value: cursor.ahead } : cursor.documents.next();
      cursor.ahead = undefined;
      if (done) return { batch, isDone: true };
      bytes += BSON.calculateObjectSize(value);
      if (batch.length > 0 && bytes > MAX_BATCH_BYTES) {
        cursor.ahead = value;
        break;
      }
      batch.push(value);
    }
    return { batch, isDone: false };
  }
}
