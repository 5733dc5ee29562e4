// How a side is measured: in a closed loop for throughput, in turns with the other side, and by the median of all turns.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const TURNS = 5;
const TURN_MS = 3_000;
const WARM_UP_MS = 1_500;
// Of /proc/<pid>/stat, on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;

/** One turn of a side. */
export interface Turn {
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU that the measured process took for each call, in microseconds. */
  readonly cpuUs: number;
}

export interface Side {
  /** One call. Rejects when it went wrong: a benchmark of errors is none. */
  readonly call: () => Promise<unknown>;
  /** The process whose CPU counts. */
  readonly pid: number;
}

/** Measures two sides in turns (A B B A ...), `callers` at once, and gives the medians of each. */
export async function alternate(a: Side, b: Side, callers: number): Promise<[Turn, Turn]> {
  const turns: [Turn[], Turn[]] = [[], []];
  for (const side of [a, b]) await closedLoop(side, callers, WARM_UP_MS);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const side of turn % 2 === 0 ? [0, 1] : [1, 0]) turns[side as 0 | 1].push(await closedLoop([a, b][side]!, callers, TURN_MS));
  }
  return [medianTurn(turns[0]), medianTurn(turns[1])];
}

/** Keeps `callers` calls in flight for a while. */
export async function closedLoop({ call, pid }: Side, callers: number, durationMs: number): Promise<Turn> {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const cpuBefore = cpuSeconds(pid);
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - startedMs < durationMs) {
        const sentMs = performance.now();
        await call();
        latenciesMs.push(performance.now() - sentMs);
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  latenciesMs.sort((x, y) => x - y);
  return {
    calls: latenciesMs.length,
    callsPerSecond: latenciesMs.length / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuUs: ((cpuSeconds(pid) - cpuBefore) / latenciesMs.length) * 1e6,
  };
}

/** Sends calls at a steady rate, answered or not, and gives how long each took from when it was due: a queue in front counts, too. */
export async function arrivals(call: () => Promise<unknown>, perSecond: number, durationMs: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const calls = Math.round((durationMs / 1000) * perSecond);
  await Promise.all(
    Array.from({ length: calls }, async (_, n) => {
      const dueMs = startedMs + (n * 1000) / perSecond;
      await sleep(dueMs - performance.now());
      await call();
      latenciesMs.push(performance.now() - dueMs);
    }),
  );
  return latenciesMs.sort((x, y) => x - y);
}

export const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((x, y) => x - y),
    0.5,
  );

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

function medianTurn(turns: readonly Turn[]): Turn {
  const of = (key: keyof Turn) => median(turns.map((turn) => turn[key]));
  return { calls: of('calls'), callsPerSecond: of('callsPerSecond'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms'), cpuUs: of('cpuUs') };
}

/** User and system time of a process so far. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Starts a server in a process of its own; it sends its address when it answers. */
export async function startServer(
  file: string,
  env: Record<string, string>,
): Promise<{ address: string; pid: number; stop(signal?: NodeJS.Signals): Promise<void> }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child: ChildProcess = fork(path, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ address }] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error(`${file} did not start`);
    }),
  ])) as [{ address: string }];
  return {
    address,
    pid: child.pid!,
    async stop(signal) {
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}
