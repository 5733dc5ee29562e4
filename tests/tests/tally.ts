// Counts what was tried at the two doors and what got in, and says so at the end of a file.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Door } from './doors.js';

/** Something that must not work. */
export interface Try {
  /** Who tries what. */
  readonly what: string;
  readonly door: Door;
  readonly send: () => Promise<string>;
  /** How it has to end: one outcome, or any that the expression takes. */
  readonly expected: string | RegExp;
}

export interface Tally {
  /** Tries all at once. Whatever ends otherwise than it has to counts as let in, and is an error. */
  refuse(tries: readonly Try[]): Promise<void>;
  /** Declares the last test: that there were tries at both doors and nobody was let in. It prints the figures. */
  declareLastTest(): void;
}

export function openTally(): Tally {
  const tried: Record<Door, number> = { Envoy: 0, service: 0 };
  let letIn = 0;
  return {
    async refuse(tries) {
      const endings = await Promise.all(tries.map(async (one) => ({ ...one, outcome: await one.send() })));
      for (const { door } of tries) tried[door]++;
      const otherwise = endings.filter(({ outcome, expected }) =>
        typeof expected === 'string' ? outcome !== expected : !expected.test(outcome),
      );
      letIn += otherwise.length;
      assert.equal(
        otherwise.map(({ what, door, outcome, expected }) => `${what}, at the ${door}: ${outcome}, and not ${expected}`),
        [],
      );
    },
    declareLastTest() {
      test('it was tried at both doors, and nobody was let in', () => {
        console.log(`\n» abuse: ${tried.Envoy} tried at Envoy, ${tried.service} straight at the services, ${letIn} let in`);
        assert.is(letIn, 0);
        assert.ok(tried.Envoy > 0 && tried.service > 0);
      });
    },
  };
}
