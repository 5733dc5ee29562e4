// What runs is written down, so that a start after everything was killed finds what was left and ends it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 5_000;
const POLL_MS = 50;

interface Note {
  readonly pid: number;
  /** A process is told by its number and the time of its start: numbers come again. */
  readonly started: string;
  readonly signal: NodeJS.Signals;
}

/** Writes down a process; gives what forgets it. */
export function noteProcess(folder: string, name: string, pid: number, signal: NodeJS.Signals = 'SIGTERM'): () => void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ pid, started: startOf(pid), signal } satisfies Note));
  return () => {
    if (read(file)?.pid === pid) rmSync(file, { force: true });
  };
}

/** Whether the process that was written down under a name still runs. */
export function notedPid(folder: string, name: string): number | undefined {
  const note = read(join(folder, `${name}.json`));
  return note && runs(note) ? note.pid : undefined;
}

/** Ends what an earlier stack left running, politely at first; gives the names. */
export async function endLeftovers(folder: string, except: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== `${except}.json`)
    .map((file) => file.slice(0, -'.json'.length));
  const ended = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, `${name}.json`);
      const note = read(file);
      const ran = note !== undefined && runs(note);
      if (ran) await end(note);
      rmSync(file, { force: true });
      return ran ? [name] : [];
    }),
  );
  return ended.flat();
}

async function end(note: Note): Promise<void> {
  signalTo(note, note.signal);
  const untilMs = performance.now() + GRACE_MS;
  while (runs(note)) {
    if (performance.now() > untilMs) signalTo(note, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

function signalTo({ pid }: Note, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const runs = ({ pid, started }: Note): boolean => started !== '' && startOf(pid) === started;

/** When a process started, in whatever form the system tells; empty when there is none. A zombie counts as none. */
export function startOf(pid: number): string {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    // Fields after the name, which is in brackets and may hold anything: state is the 3rd of all, the start time the 22nd.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[0] === 'Z' ? '' : fields[19]!;
  } catch {
    return '';
  }
}

function read(file: string): Note | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
