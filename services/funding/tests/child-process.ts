// Funding as a process of its own, which a test may kill at a named point.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bed, clientsOf, environmentOf, liveProject, placePledges, sql } from './support.js';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));
const children: ChildProcess[] = [];

/** Funding as a process of its own, that dies at a point. */
export async function spawnFunding(paymentAddress: string, crashAt?: string) {
  const environment = { ...(await environmentOf(paymentAddress)), LOG_LEVEL: 'info', ...(crashAt && { MOA_CRASH_AT: crashAt }) };
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const address = new Promise<string>((resolve) => {
    createInterface(child.stdout!).on('line', (line) => {
      const { msg, address } = JSON.parse(line);
      if (msg === 'ready') resolve(address);
    });
  });
  return {
    /** Which it may not live to tell. */
    clients: async () => clientsOf(await address),
    /** Waits for its end, and says what ended it. */
    killed: async () => (await exit)[1],
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

/** For the end of a test file: nothing stays behind, also when a test has failed. */
export function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** A project with pledges that has reached its close time, while nothing runs. */
export async function dueProject(count: number, plan: Parameters<typeof liveProject>[0]) {
  const project = await liveProject(plan);
  const ids = (await placePledges(count, project.projectId, project.rewardId)).map(({ pledgeId }) => pledgeId);
  await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [project.projectId, bed.now()]);
  return { ...project, ids };
}
