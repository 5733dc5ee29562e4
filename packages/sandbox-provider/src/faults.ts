// Which fault hits an operation: one switched on over the API, else the card's own.

import { createHash } from 'node:crypto';
import type { Behaviour } from './cards.js';

export interface Fault {
  readonly operation: 'CHARGE' | 'REFUND' | 'TRANSFER';
  readonly behaviour: Behaviour;
  /** The next so many operations, or ... */
  readonly count?: number;
  /** ... this share of all (0 to 1). Which ones is decided by the seed and the idempotency key, whatever their order. */
  readonly rate?: number;
}

export interface Faults {
  switchOn(fault: Fault): void;
  clear(): void;
  list(): readonly Fault[];
  /** What happens to this operation. Asked once for each idempotency key, so a repeat of a call that was cut off goes through. */
  pick(operation: Fault['operation'], idempotencyKey: string, card: Behaviour): Behaviour;
}

const PLAIN: Behaviour = { kind: 'PLAIN', parameter: 0 };

export function makeFaults(seed: number): Faults {
  let switched: Fault[] = [];
  const met = new Set<string>();

  return {
    switchOn: (fault) => void switched.push(fault),
    clear: () => {
      switched = [];
    },
    list: () => switched,
    pick(operation, idempotencyKey, card) {
      const key = `${operation} ${idempotencyKey}`;
      if (met.has(key)) return declines(card) && operation === 'CHARGE' ? card : PLAIN;
      met.add(key);
      const hit = switched.find(
        (fault) =>
          fault.operation === operation && (fault.rate === undefined || shareOf(`${seed} ${fault.behaviour.kind} ${key}`) < fault.rate),
      );
      if (hit?.count !== undefined) {
        const left = hit.count - 1;
        switched = switched.flatMap((fault) => (fault !== hit ? [fault] : left > 0 ? [{ ...fault, count: left }] : []));
      }
      return hit?.behaviour ?? (operation === 'CHARGE' ? card : PLAIN);
    },
  };
}

// A card that declines does so whenever it is asked.
function declines(card: Behaviour): boolean {
  return card.kind === 'DECLINE' || card.kind === 'DECLINE_FIRST';
}

/** A number from 0 to 1 that depends on the text only. */
function shareOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
