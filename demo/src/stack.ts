// The stack that is running, or one of its own in a temporary folder.

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockOffsetMs, runningStack, type Stack, type StackFacts, type StackOptions, shiftClock, startStack } from '@moa/stack';
import type { DemoOptions } from './options.js';
import { step } from './print.js';

export const DAY_MS = 86_400_000;

export interface PlayableStack extends StackFacts {
  /** Started for this story only. */
  readonly own: boolean;
  now(): Date;
  shiftClock(byMs: number): void;
  /** Of the machine's clock. */
  daysAhead(): number;
  close(): Promise<void>;
}

/** One of which anything may be killed. */
export interface OwnStack extends PlayableStack, Pick<Stack, 'kill' | 'restart' | 'isUp' | 'status'> {}

export async function openStack({ own, folder }: Pick<DemoOptions, 'own' | 'folder'>): Promise<PlayableStack> {
  const running = own ? undefined : runningStack(folder);
  return running ? playable(running, false, async () => {}) : openOwn();
}

export async function openOwn(options: Pick<StackOptions, 'environment'> = {}): Promise<OwnStack> {
  const folder = await mkdtemp(join(tmpdir(), 'moa-demo-'));
  // Postgres may run as another user, who has to pass through here.
  await chmod(folder, 0o755);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const stack = await step('A stack of its own is started', () => startStack({ folder, quiet: true, ...options }));
    const close = async () => {
      await stack.stop();
      await remove();
    };
    const { kill, restart, isUp, status } = stack;
    return { ...playable(stack, true, close), kill, restart, isUp, status };
  } catch (error) {
    await remove();
    throw error;
  }
}

function playable(facts: StackFacts, own: boolean, close: () => Promise<void>): PlayableStack {
  return {
    ...facts,
    own,
    now: () => new Date(Date.now() + clockOffsetMs(facts.clockFile)),
    daysAhead: () => Math.round(clockOffsetMs(facts.clockFile) / DAY_MS),
    shiftClock: (byMs) => void shiftClock(facts.clockFile, byMs),
    close,
  };
}
