// Runs one test file in a process of its own, and sees to it that nothing of it stays.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { end, type FoundProcess, MARK_VARIABLE, processesOf } from './marked-processes.js';
import type { TestFile } from './test-files.js';
import { judge, saysTotals, type Verdict } from './verdict.js';

export interface Limits {
  /** The longest that a file may take. */
  readonly fileMs: number;
  /** The longest that a file may live on after its last test. */
  readonly exitMs: number;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** A folder for the file's temporary files; it is removed afterwards. */
  readonly temporary: string;
  readonly signal: AbortSignal;
  readonly limits: Limits;
}

export interface Result extends Verdict {
  readonly file: TestFile;
  readonly output: string;
  readonly tookMs: number;
}

const OUTPUT_KEPT_CHARACTERS = 4_000_000;
// The totals are within the last of it when they are there.
const TOTALS_CHARACTERS = 1_000;
// A process that was killed by its test a moment ago needs this long to be gone.
const DYING_MS = 2_000;
const DYING_POLL_MS = 20;
const TELL_OPEN = new URL('./tell-open.js', import.meta.url).href;
const ANSWER_MS = 500;

let files = 0;

export async function runTestFile(file: TestFile, { env, temporary, signal, limits }: Surroundings): Promise<Result> {
  const startedMs = performance.now();
  const name = `${process.pid}-${++files}`;
  const mark = [process.env[MARK_VARIABLE] ?? [], name].flat().join('/');
  const folder = join(temporary, name);
  mkdirSync(folder, { recursive: true });
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', TELL_OPEN, file.compiled], {
    env: { ...process.env, ...env, TMPDIR: folder, FORCE_COLOR: '0', [MARK_VARIABLE]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = once(child, 'close');
  const group = child.pid ?? 0;

  let ended: string | undefined;
  const stop = (why: string) => {
    ended ??= why;
    child.kill('SIGKILL');
  };
  const askAndStop = () => {
    child.kill('SIGUSR2');
    timer = setTimeout(stop, ANSWER_MS, `did not exit within ${seconds(limits.exitMs)} after its last test: something is still open`);
  };
  const stopOnSignal = () => stop('was stopped');
  signal.addEventListener('abort', stopOnSignal);
  if (signal.aborted) stopOnSignal();
  let timer = setTimeout(stop, limits.fileMs, `did not end within ${seconds(limits.fileMs)}`);

  let output = '';
  let finished = false;
  const keep = (text: string) => {
    output = (output + text).slice(-OUTPUT_KEPT_CHARACTERS);
    if (finished || !saysTotals(output.slice(-TOTALS_CHARACTERS))) return;
    finished = true;
    clearTimeout(timer);
    timer = setTimeout(askAndStop, limits.exitMs);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);

  const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  signal.removeEventListener('abort', stopOnSignal);
  const leftBehind = ended === undefined ? await stillThere(mark, group) : processesOf(mark, group);
  for (const { pid } of leftBehind) end(pid);
  // What neither bears the mark nor is in the group may still hold the output open.
  const heldOpen = await Promise.race([closed.then(() => false), sleep(DYING_MS, true, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  clearTimeout(timer);
  rmSync(folder, { recursive: true, force: true });

  const verdict = judge({
    output,
    exit: killedBy ?? code ?? 1,
    ended,
    // What the runner killed had no chance to tidy up.
    leftBehind:
      ended === undefined
        ? [...leftBehind.map(({ pid, command }) => `${command} (pid ${pid})`), ...(heldOpen ? ['one that holds its output open'] : [])]
        : [],
    declared: file.declared,
  });
  return { ...verdict, file, output, tookMs: performance.now() - startedMs };
}

async function stillThere(mark: string, group: number): Promise<FoundProcess[]> {
  const until = performance.now() + DYING_MS;
  for (;;) {
    const found = processesOf(mark, group);
    if (found.length === 0 || performance.now() > until) return found;
    await sleep(DYING_POLL_MS);
  }
}

const seconds = (ms: number) => `${ms / 1000} s`;
