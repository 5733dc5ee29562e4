// Programs that a benchmark measures against: they come from their own makers, not with the house.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** pgbench comes with Postgres's own packages, not with the binaries that the stack fetches. */
export const findPgbench = (): string => {
  const versions = existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin/pgbench`)
    : [];
  return find(['pgbench', ...versions], 'pgbench: it comes with the packages of Postgres (Debian: postgresql)');
};

/** The command line of NATS, with its `nats bench`. */
export const findNats = (): string =>
  find(['nats', join(homedir(), 'go/bin/nats')], 'nats: go install github.com/nats-io/natscli/nats@v0.4.0');

function find(candidates: readonly string[], what: string): string {
  for (const candidate of candidates) {
    try {
      execFileSync(candidate, ['--version'], { stdio: 'ignore' });
      return candidate;
    } catch {
      // Not this one.
    }
  }
  throw new Error(`This benchmark needs ${what}.`);
}

/** Runs a program to its end and gives what it printed. Throws when it fails. */
export async function output(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const code = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  if (code !== 0) throw new Error(`${program} ${args[0]}: ${printed}`);
  return printed;
}

/** Transactions a second that pgbench comes to with a script. */
export async function pgbenchRate(
  pgbench: string,
  databaseUrl: string,
  script: string,
  clients: number,
  durationMs: number,
  options: string,
): Promise<number> {
  const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '1', '-T', String(durationMs / 1000), '-f', script, databaseUrl];
  const printed = await output(pgbench, args, { PGOPTIONS: options });
  const rate = printed.match(/tps = ([\d.]+)/)?.[1];
  if (!rate || /failed transactions: [1-9]/.test(printed)) throw new Error(`pgbench: ${printed}`);
  return Number(rate);
}
