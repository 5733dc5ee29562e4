import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMoa } from '@moa/client/node';
import { freePorts, root, runningStack } from '@moa/stack';
import { median } from '../measure.js';
import type { Scenario } from '../scenario.js';

const STARTS = 3;
const TIME_GOAL = '<= 10';
const MEMORY_GOAL = '<= 1.5';
const ASK_EVERY_MS = 25;
const GIVE_UP_MS = 120_000;

export const start: Scenario = {
  name: 'start',
  number: 12,
  title: '`npm start` to the first answered call, everything fetched before; and the memory of it all',
  goals: [`${TIME_GOAL} s`, `${MEMORY_GOAL} GB, proportional set size`],
  async run(log) {
    if (runningStack()) throw new Error('A stack is running from this checkout: stop it first, since this starts it anew.');
    const seconds: number[] = [];
    const gigabytes: number[] = [];
    // The first start may have to make databases; it is not counted.
    for (let turn = 0; turn <= STARTS; turn++) {
      const [port] = await freePorts(1);
      const startedMs = performance.now();
      const child = spawn('npm', ['start', '--silent', '--', '--port', String(port)], { cwd: root, stdio: 'ignore', detached: true });
      await firstAnswer(`http://127.0.0.1:${port}`, child);
      const took = (performance.now() - startedMs) / 1000;
      const memory = proportionalBytes(child.pid!) / 1e9;
      log(`start ${turn}: ${took.toFixed(1)} s, ${memory.toFixed(2)} GB`);
      if (turn > 0) {
        seconds.push(took);
        gigabytes.push(memory);
      }
      process.kill(-child.pid!, 'SIGINT');
      await once(child, 'exit');
      while (runningStack()) await sleep(ASK_EVERY_MS);
    }
    return {
      ratios: [
        { what: 'seconds to the first answer', value: median(seconds), goal: TIME_GOAL },
        { what: 'GB in all', value: median(gigabytes), goal: MEMORY_GOAL },
      ],
      sides: [{ name: '`npm start` with everything fetched', values: { seconds: median(seconds), gigabytes: median(gigabytes) } }],
    };
  },
};

async function firstAnswer(url: string, child: ChildProcess): Promise<void> {
  const giveUpMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const moa = connectMoa(url);
    try {
      await moa.projects.listProjects({});
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > giveUpMs) throw new Error('npm start did not come up', { cause: error });
      await sleep(ASK_EVERY_MS);
    } finally {
      moa.close();
    }
  }
}

/** Pss of a process and all below it. */
function proportionalBytes(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? tryRead(`/proc/${name}/stat`) : undefined;
    if (stat) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isBelow = (child: number): boolean => child === pid || (parents.has(child) && isBelow(parents.get(child)!));
  const kilobytes = [...parents.keys()]
    .filter(isBelow)
    .map((one) => Number(tryRead(`/proc/${one}/smaps_rollup`)?.match(/^Pss:\s+(\d+)/m)?.[1] ?? 0));
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1024;
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
