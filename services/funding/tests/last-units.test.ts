// Many callers at once want the last pieces of one reward, at two copies of the service.
import { randomUUID } from 'node:crypto';
import { PledgeCreated } from '@moa/contracts/funding/v1/funding_events';
import { openEvents, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  backers,
  bed,
  closeBed,
  liveProject,
  openFunding,
  pledgeOf,
  projectRow,
  refusal,
  remaining,
  sql,
  states,
  sumOfPledges,
  won,
} from './support.js';

const CALLERS = 500;
const PIECES = 20;
const PRICE = 10_000;
const AGAIN = 3;

const copies = [await openFunding(), await openFunding()];
const events = await openEvents(bed);

test('of 500 callers on the last 20 pieces 20 get one, the others are told so, and nothing is lost', async () => {
  const told = await events.listen(PledgeCreated);
  const { projectId, rewardId } = await liveProject({ rewards: [{ priceMinor: PRICE, stock: PIECES }] });
  const callers = await Promise.all((await backers(CALLERS)).map(async (who) => ({ who, token: await bed.as(who.id) })));
  const answers = await Promise.allSettled(
    callers.map(({ who, token }, n) => copies[n % copies.length]!.pledges.createPledge(pledgeOf(who, projectId, rewardId), token)),
  );
  const made = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.pledge!.id] : []));
  const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [refusal(Promise.reject(answer.reason))] : []));
  assert.is(made.length, PIECES);
  assert.equal(new Set(await Promise.all(refusals)), new Set(['REWARD_SOLD_OUT']));
  assert.is(await remaining(rewardId), 0);
  assert.equal(await projectRow(projectId), { raised: PIECES * PRICE, count: PIECES, state: 'LIVE' });
  const { rows } = await sql.query('SELECT id FROM pledge WHERE project_id = $1', [projectId]);
  assert.equal(new Set(rows.map(({ id }) => id)), new Set(made));
  await until(() => told.filter((event) => event.projectId === projectId).length === PIECES);
  // Who was refused has spent no request: it may be sent again.
  const { rows: claims } = await sql.query('SELECT count(*)::integer AS open FROM kit.request WHERE answer IS NULL');
  assert.is(claims[0].open, 0);
});

test('pieces that are given back while 500 callers want them are sold again, each once', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ priceMinor: PRICE, stock: PIECES }] });
  const callers = await Promise.all((await backers(CALLERS / AGAIN)).map(async (who) => ({ who, token: await bed.as(who.id) })));
  let [done, back] = [0, 0];
  await Promise.all(
    callers.map(async ({ who, token }, n) => {
      const { pledges } = copies[n % copies.length]!;
      for (let tries = 0; tries < AGAIN; tries++) {
        const answer = await pledges.createPledge(pledgeOf(who, projectId, rewardId), token).catch(() => undefined);
        if (!answer) continue;
        done++;
        if (tries === AGAIN - 1) continue;
        await pledges.cancelPledge({ requestId: randomUUID(), id: answer.pledge!.id }, token);
        back++;
      }
    }),
  );
  const held = done - back;
  assert.ok(back > 0 && held <= PIECES, `${done} taken, ${back} given back`);
  assert.is(await remaining(rewardId), PIECES - held);
  assert.equal(await sumOfPledges(projectId), { raised: held * PRICE, count: held });
  assert.equal(await projectRow(projectId), { raised: held * PRICE, count: held, state: 'LIVE' });
  assert.is((await states(projectId))['CANCELED'], back);
});

test('who has passed every check and waits for the last piece is refused when another has it', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ priceMinor: PRICE, stock: 1 }] });
  const [who] = await backers(1);
  const token = await bed.as(who!.id);
  const { pledges } = copies[0]!;
  const { pledge } = await pledges.createPledge(pledgeOf(who!, projectId, rewardId, 0, { extra: won(500n) }), token);
  const holder = await sql.connect();
  await holder.query('BEGIN');
  await holder.query('UPDATE reward SET remaining = 0 WHERE id = $1', [rewardId]);
  const change = { requestId: randomUUID(), id: pledge!.id, lines: [{ rewardId, quantity: 1 }], extra: undefined };
  const waiting = refusal(pledges.changePledge({ ...change, billingMethodId: '', address: undefined }, token));
  await until(async () => {
    const { rows } = await sql.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
    return rows.length > 0;
  });
  await holder.query('COMMIT');
  holder.release();
  assert.is(await waiting, 'REWARD_SOLD_OUT');
  assert.is(await remaining(rewardId), 0);
});

test.after(() => closeBed(...copies.map(({ stop }) => stop), events.close));
test.run();
