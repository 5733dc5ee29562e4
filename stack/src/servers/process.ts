// A server process: started, awaited until it is ready, stopped; with what it said last, for when it fails.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { explained } from '#setup/explain.mjs';
import { whenOrphaned } from './when-orphaned.js';

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 15_000;
// Politely at first: a signal, a pid and how many seconds it has. What hangs then (a service whose log nobody reads any more tries to write
// it out for ever) is not left behind.
const END_ORPHAN = 'kill -s "$1" "$2"; n=0; while kill -0 "$2" && [ "$n" -lt "$3" ]; do sleep 1; n=$((n + 1)); done; kill -9 "$2"';
const POLL_MS = 50;
const LINES_KEPT = 40;

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface ProcessPlan {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly ready: () => Promise<boolean>;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  readonly user?: User | undefined;
  readonly stopSignal?: NodeJS.Signals | undefined;
  readonly log?: ((line: string) => void) | undefined;
  /** Gives up on a process that is not ready yet. */
  readonly signal?: AbortSignal | undefined;
}

export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  /** What asks it to end. */
  readonly stopSignal: NodeJS.Signals;
  /** How it ended: "exit code 1" or a signal. */
  readonly ended: Promise<string>;
  /** What it said last. */
  lastLines(): string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Resolves when the process is ready. Throws with its last output when it ends before, or takes too long. */
export async function startProcess(plan: ProcessPlan): Promise<ServerProcess> {
  const server = await spawnServer(plan);
  let how: string | undefined;
  void server.ended.then((end) => {
    how = end;
  });
  const untilMs = performance.now() + READY_WITHIN_MS;
  while (!(await plan.ready().catch(() => false))) {
    if (how !== undefined) throw failed(`ended with ${how}`);
    if (plan.signal?.aborted || performance.now() > untilMs) {
      await server.kill();
      throw failed(`was not ready ${plan.signal?.aborted ? 'when it was stopped' : `within ${READY_WITHIN_MS / 1000} s`}`);
    }
    await sleep(POLL_MS);
  }
  return server;

  function failed(why: string) {
    return explained(`start ${plan.name}`, new Error(`${plan.program} ${why}`), server.lastLines());
  }
}

async function spawnServer(plan: ProcessPlan): Promise<ServerProcess> {
  const lines: string[] = [];
  // In a session of its own: Ctrl-C is for the stack, which then stops its servers in order.
  const child = spawn(plan.program, plan.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: plan.env ?? process.env,
    cwd: plan.cwd,
    ...plan.user,
  });
  for (const stream of [child.stdout, child.stderr]) {
    eachLine(stream.setEncoding('utf8'), (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
      plan.log?.(line);
    });
  }
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(explained(`start ${plan.name} (${plan.program})`, error)));
  });
  const pid = child.pid!;
  const ended = new Promise<string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`)));
  const stopSignal = plan.stopSignal ?? 'SIGTERM';
  const unwatch = whenOrphaned(END_ORPHAN, stopSignal.slice('SIG'.length), String(pid), String(STOP_WITHIN_MS / 1_000));
  ended.finally(unwatch);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const forced = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(forced);
  };
  return {
    name: plan.name,
    pid,
    stopSignal,
    ended,
    lastLines: () => lines.join('\n'),
    stop: () => end(stopSignal),
    kill: () => end('SIGKILL'),
  };
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    lines.forEach(take);
  });
  stream.on('end', () => rest && take(rest));
}
