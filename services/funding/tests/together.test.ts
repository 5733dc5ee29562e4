// Pledges that come at once are placed by one statement: each has its own outcome, and what one is refused for touches no other.
import { randomUUID } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backer, backers, bed, closeBed, liveProject, openFunding, pledgeOf, projectRow, remaining, sql, sumOfPledges } from './support.js';

const first = await openFunding();
const second = await openFunding();
const { pledges } = first;

test('good and bad ones in one crowd: the good are placed, each bad one is told why, and nothing of it stays', async () => {
  const open = await liveProject({ rewards: [{ stock: 100 }] });
  const scarce = await liveProject({ rewards: [{ stock: 2 }] });
  const closed = await liveProject({ closeInMs: -1_000 });
  const crowd = await backers(40);
  const outcomes = await Promise.all(
    crowd.map(async (who, n) => {
      const as = await bed.as(who.id);
      const of = [
        () => pledgeOf(who, open.projectId, open.rewardId),
        () => pledgeOf(who, scarce.projectId, scarce.rewardId),
        () => pledgeOf(who, closed.projectId, closed.rewardId),
        () => pledgeOf({ ...who, billingMethodId: randomUUID() }, open.projectId, open.rewardId),
      ][n % 4]!;
      return pledges.createPledge(of(), as).then(
        () => `${n % 4} placed`,
        (error) => `${n % 4} ${error.details}`,
      );
    }),
  );
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  assert.equal(counts, {
    '0 placed': 10,
    '1 placed': 2,
    '1 REWARD_SOLD_OUT': 8,
    '2 PROJECT_CLOSED': 10,
    '3 BILLING_METHOD_UNKNOWN': 10,
  });
  for (const { projectId } of [open, scarce, closed]) {
    const { raised, count } = await projectRow(projectId);
    assert.equal(await sumOfPledges(projectId), { raised, count });
  }
  // A request that was refused is free to be sent again.
  const { rows } = await sql.query('SELECT count(*)::integer AS unanswered FROM kit.request WHERE answer IS NULL');
  assert.is(rows[0].unanswered, 0);
});

test('the same requests at two copies at once, in crossing order, are placed once', async () => {
  const projects = await Promise.all([1, 2, 3].map(() => liveProject({ rewards: [{ stock: 100, limit: 5 }] })));
  const who = await backer();
  const as = await bed.as(who.id);
  const requests = Array.from({ length: 12 }, (_, n) => pledgeOf(who, projects[n % 3]!.projectId, projects[n % 3]!.rewardId));
  const answers = await Promise.all([
    ...requests.map((request) => first.pledges.createPledge(request, as)),
    ...requests.toReversed().map((request) => second.pledges.createPledge(request, as)),
  ]);
  assert.is(new Set(answers.map(({ pledge }) => pledge!.id)).size, 12);
  for (const { projectId, rewardId } of projects) {
    assert.equal(await sumOfPledges(projectId), { raised: 40_000, count: 4 });
    assert.is(await remaining(rewardId), 96);
  }
});

test.after(() => closeBed(first.stop, second.stop));
test.run();
