// Processes that a test file started, however deep: they carry its mark in their environment, or belong to its group.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export const MARK_VARIABLE = 'MOA_TEST_FILE';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Linux tells every process's environment; elsewhere its group has to do, and misses what was started detached. */
export function processesOf(mark: string, group: number): FoundProcess[] {
  return process.platform === 'linux' ? markedOrInGroup(`${MARK_VARIABLE}=${mark}`, String(group)) : inGroup(group);
}

function markedOrInGroup(entry: string, group: string): FoundProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return (
    pids
      .filter((pid) => bears(pid, entry) || isInGroup(pid, group))
      .map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
      // One that is just ending has no command any more.
      .filter(({ command }) => command !== '')
  );
}

// The mark may be the beginning of another's: a test of this runner runs files of its own.
const bears = (pid: string, entry: string) =>
  read(`/proc/${pid}/environ`)
    .split('\0')
    .some((variable) => variable === entry || variable.startsWith(`${entry}/`));

// "7 (a name) S 1 7 …": number, name, state, parent, group. What is dead and not yet collected counts no more.
function isInGroup(pid: string, group: string): boolean {
  const stat = read(`/proc/${pid}/stat`);
  const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return processGroup === group && state !== 'Z';
}

// A process that has gone meanwhile, or is another user's, reads as empty.
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function inGroup(group: number): FoundProcess[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,pgid=,stat=,command='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [pid, pgid, state, ...command] = line.trim().split(/\s+/);
      return Number(pgid) === group && !state?.startsWith('Z') ? [{ pid: Number(pid), command: command.join(' ') }] : [];
    });
}

/** Ends a process that may be gone already. */
export function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}
