// A server process: started, awaited until it is ready, stopped; with what it said last, for when it fails.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { explained } from '#setup/explain.mjs';

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 15_000;
const POLL_MS = 20;
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
}

export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
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
  const ended = server.ended.then((how) => {
    throw explained(`start ${plan.name}`, new Error(`${plan.program} ended with ${how}`), server.lastLines());
  });
  ended.catch(() => {});
  await Promise.race([ended, becomesReady()]);
  return server;

  async function becomesReady() {
    const until = performance.now() + READY_WITHIN_MS;
    while (!(await plan.ready().catch(() => false))) {
      if (performance.now() > until) {
        await server.kill();
        throw explained(
          `start ${plan.name}`,
          new Error(`${plan.program} was not ready within ${READY_WITHIN_MS / 1000} s`),
          server.lastLines(),
        );
      }
      await sleep(POLL_MS);
    }
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
  const unwatch = killWhenOrphaned(pid, plan.stopSignal ?? 'SIGTERM');
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
    ended,
    lastLines: () => lines.join('\n'),
    stop: () => end(plan.stopSignal ?? 'SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

// A shell that waits for the pipe from us to close, which it does however we end.
function killWhenOrphaned(pid: number, signal: NodeJS.Signals): () => void {
  const watcher = spawn('/bin/sh', ['-c', `read -r told; [ "$told" = stopped ] || kill -${signal.slice(3)} ${pid}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  watcher.on('error', () => {});
  watcher.stdin.on('error', () => {});
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  return () => watcher.stdin.end('stopped\n');
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
