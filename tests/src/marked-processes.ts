// Processes that a test file started, however deep: they carry its mark in their environment, or belong to its group.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export const MARK_VARIABLE = 'MOA_TEST_FILE';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Linux knows every process's environment; elsewhere its group has to do, and misses what was started detached. */
export function processesOf(mark: string, group: number): FoundProcess[] {
  return process.platform === 'linux' ? marked(`${MARK_VARIABLE}=${mark}`) : inGroup(group);
}

function marked(entry: string): FoundProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  // A process that has gone meanwhile, that is dead but not yet collected, or another user's reads as empty.
  return pids
    .filter((pid) => pid !== String(process.pid) && read(`/proc/${pid}/environ`).split('\0').includes(entry))
    .map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

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
