// 500 calls at the door for the last pieces of one reward, by people with the client: as a rush looks from outside.
import type { MoaError } from '@moa/client/node';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { theHouse } from '../house.js';

const PEOPLE = 25;
const CALLS_EACH = 20;
const PIECES = 30;
const PRICE_MINOR = 10_000n;

const house = await theHouse();

test('of 500 calls for the last 30 pieces 30 get one, the others are told that it is sold out, and everybody finds what they were told', async () => {
  const { projectId, rewardId } = await house.liveProject(await house.seller(), { stock: PIECES, priceMinor: PRICE_MINOR });
  const people = await Promise.all(
    Array.from({ length: PEOPLE }, async () => {
      const moa = await house.person();
      const billingMethodId = await house.card(moa);
      // Funding hears of a card by event.
      const gift = { projectId, extra: { currencyCode: 'KRW', amountMinor: 1n }, billingMethodId };
      const { pledge } = await until(() => moa.pledges.createPledge(gift));
      await moa.pledges.cancelPledge({ id: pledge!.id });
      return { moa, billingMethodId };
    }),
  );
  const answers = await Promise.all(
    people.flatMap(({ moa, billingMethodId }) =>
      Array.from({ length: CALLS_EACH }, () =>
        moa.pledges.createPledge({ projectId, lines: [{ rewardId, quantity: 1 }], billingMethodId }).then(
          ({ pledge }) => pledge!.id,
          (error: MoaError) => error,
        ),
      ),
    ),
  );
  const made = answers.filter((answer) => typeof answer === 'string');
  const refused = answers.filter((answer) => typeof answer !== 'string');
  assert.is(new Set(made).size, PIECES);
  assert.equal(new Set(refused.map(({ reason }) => reason)), new Set(['REWARD_SOLD_OUT']));
  assert.ok(refused.every((error) => error.textFor('ko') && error.facts['rewardId'] === rewardId));

  const found = await Promise.all(people.map(({ moa }) => moa.pledges.listMyPledges({ pageSize: 100 })));
  const held = found.flatMap(({ pledges }) => pledges.filter(({ lines }) => lines.length > 0).map(({ id }) => id));
  assert.equal(held.sort(), [...made].sort());
  const { project } = await house.visitor().projects.getProject({ id: projectId });
  assert.is(project!.progress!.raised!.amountMinor, BigInt(PIECES) * PRICE_MINOR);
  assert.is(project!.rewards[0]!.remaining, 0);
});

test.run();
