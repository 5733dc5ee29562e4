// Runs test files in a process of their own, and sees to it that nothing of them stays.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collectOutputs } from './file-outputs.js';
import { end, type FoundProcess, MARK_VARIABLE, processesOf } from './marked-processes.js';
import type { TestFile } from './test-files.js';
import { judge, type Verdict } from './verdict.js';

export interface Limits {
  /** The longest that a file may take. */
  readonly fileMs: number;
  /** The longest that a process may live on after its last test. */
  readonly exitMs: number;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** A folder for the process's temporary files; it is removed afterwards. */
  readonly temporary: string;
  readonly signal: AbortSignal;
  readonly limits: Limits;
}

export interface Result extends Verdict {
  readonly file: TestFile;
  readonly output: string;
  readonly tookMs: number;
}

// A process that was killed by its test a moment ago needs this long to be gone.
const DYING_MS = 2_000;
const DYING_POLL_MS = 20;
const TELL_OPEN = new URL('./tell-open.js', import.meta.url).href;
const RUN_FILES = fileURLToPath(new URL('./run-files.js', import.meta.url));
const ANSWER_MS = 500;

let processes = 0;

/** Gives the results of the files that were begun: where one brings the process down, those after it are not. */
export async function runTestFiles(files: readonly TestFile[], { env, temporary, signal, limits }: Surroundings): Promise<Result[]> {
  const name = `${process.pid}-${++processes}`;
  const mark = [process.env[MARK_VARIABLE] ?? [], name].flat().join('/');
  const folder = join(temporary, name);
  mkdirSync(folder, { recursive: true });
  const compiled = files.map((file) => file.compiled);
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', TELL_OPEN, RUN_FILES, ...compiled], {
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
  const stopWhenLate = () => setTimeout(stop, limits.fileMs, `did not end within ${seconds(limits.fileMs)}`);
  let timer = stopWhenLate();

  const outputs = collectOutputs();
  let finished = 0;
  const keep = (text: string) => {
    const before = finished;
    finished = outputs.add(text);
    if (finished === before) return;
    clearTimeout(timer);
    timer = finished < files.length ? stopWhenLate() : setTimeout(askAndStop, limits.exitMs);
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

  const begun = files.slice(0, finished + 1);
  // How the process ended tells of the last file only.
  const ending = {
    exit: killedBy ?? code ?? 1,
    ended,
    // What the runner killed had no chance to tidy up.
    leftBehind:
      ended === undefined
        ? [...leftBehind.map(({ pid, command }) => `${command} (pid ${pid})`), ...(heldOpen ? ['one that holds its output open'] : [])]
        : [],
  };
  return outputs.of(begun.length).map(({ text, tookMs }, nth) => {
    const file = begun[nth]!;
    const how = nth === begun.length - 1 ? ending : { leftBehind: [] };
    return { ...judge({ output: text, declared: file.declared, ...how }), file, output: text, tookMs };
  });
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
