// Funding as a process of its own, which a test may kill at a named point.
import { spawnService } from '@moa/testkit';
import { bed, clientsOf, environmentOf, liveProject, type Peers, placePledges, sql } from './support.js';

/** Funding as a process of its own, that dies at a point. */
export async function spawnFunding(peers: Peers, crashAt?: string) {
  const { address, ...child } = spawnService(new URL('../src/main.js', import.meta.url), await environmentOf(peers), crashAt);
  // Which it may not live to tell.
  return { ...child, clients: async () => clientsOf(await address) };
}

/** A project with pledges that has reached its close time, while nothing runs. */
export async function dueProject(count: number, plan: Parameters<typeof liveProject>[0]) {
  const project = await liveProject(plan);
  const ids = (await placePledges(count, project.projectId, project.rewardId)).map(({ pledgeId }) => pledgeId);
  await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [project.projectId, bed.now()]);
  return { ...project, ids };
}
