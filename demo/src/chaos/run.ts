// Rounds of people at work, while processes die around them; then everything comes to rest, and what must hold is counted.
import { atOnce } from '../at-once.js';
import { openSellers } from '../chapters/sellers.js';
import { type Goods, openShop } from '../chapters/shop.js';
import { lookAtEverything, type NamedFinding } from '../checks/index.js';
import { lookAtShop } from '../checks/shop.js';
import { readStory } from '../data.js';
import type { Person } from '../people.js';
import { printHeading, printLine, step } from '../print.js';
import { makeRandom } from '../random.js';
import { DAY_MS, type OwnStack } from '../stack.js';
import type { Stage } from '../stage.js';
import { chargedOnce, journalCheck, oneEffectCheck } from './checks.js';
import { openJournal } from './journal.js';
import { type Environment, type Killer, openKiller } from './killer.js';
import type { ChaosOptions } from './options.js';
import { bringNewCards, type Crowd, giveSomeBack, pledgeAndThinkAgain } from './people-at-work.js';
import { type OpenProject, openProjects } from './projects.js';
import { buyAndThinkAgain, type Orders, ordersCheck, sendAndReceive, UNPAID_ENDS_MS } from './shop-at-work.js';

const BACKERS = 16;
const SIGN_UPS_AT_ONCE = 8;
/** Just after something is due. */
const A_MINUTE_MS = 60_000;
/** A card is tried for the last time on the second day. */
const DAYS_OF_RETRIES = 3;

export interface Outcome {
  readonly landed: number;
  readonly committed: number;
  readonly findings: readonly NamedFinding[];
}

export async function run(stack: OwnStack, stage: Stage, environment: Environment, options: ChaosOptions): Promise<Outcome> {
  const { suite, kills, seed } = options;
  const random = makeRandom(seed);
  const journal = openJournal();
  const killer = openKiller(stack, environment, journal, random.fork(), options);

  printHeading('Before anything dies');
  const admin = await stage.admin();
  const sellers = await step(
    'Sellers register and are approved',
    async () => openSellers(stage, admin, (await readStory()).sellers),
    (open) => `${open.size} sellers`,
  );
  const names = Array.from({ length: BACKERS }, (_, n) => `backer-${n}`);
  const backers = await step(
    'Backers sign up',
    () => atOnce(SIGN_UPS_AT_ONCE, names, stage.signUp),
    ({ length }) => `${length} backers`,
  );

  const crowd: Crowd = { stage, journal, random, backers, admin };
  const goods = suite === 'commerce' ? await openShop([...sellers.values()], (await readStory()).products) : [];
  const orders: Orders = new Map();
  const killing = killer.run();
  const projectIds: string[] = [];
  try {
    for (let round = 1; killer.landed() < kills; round++) {
      printHeading(`Round ${round}`);
      if (suite === 'commerce') await playShopRound(crowd, killer, goods, orders);
      else projectIds.push(...(await playRound(crowd, killer, [...sellers.values()])));
    }
  } finally {
    killer.stop();
    await killing;
  }

  printHeading('Nothing dies any more');
  stage.projectIds = projectIds;
  await step('Everything comes to rest', async () => {
    await stage.untilQuiet();
    await stage.until('the webhooks are taken', async () => (await stage.pendingWebhooks()) === 0);
  });
  printLine(
    `${journal.committed()} operations were acknowledged, ${journal.refused()} refused for a reason, ${journal.unanswered()} never answered`,
  );

  printHeading('What must hold');
  const findings = [...(await lookAtEverything(stage))];
  const own = suite === 'commerce' ? [ordersCheck(orders)] : [journalCheck(journal), chargedOnce];
  for (const { says, look } of [...own, oneEffectCheck(stack.natsAdminUrl)]) findings.push({ says, ...(await look(stage)) });
  if (suite === 'commerce') findings.push(...(await lookAtShop(stage, goods)));
  return { landed: killer.landed(), committed: journal.committed(), findings };
}

/** From a rush for coupons to what came back. */
async function playShopRound(crowd: Crowd, killer: Killer, goods: readonly Goods[], orders: Orders): Promise<void> {
  const { stage, journal, admin } = crowd;
  killer.enter('shopping');
  await admin.signIn();
  await step('People claim, buy, pay and think again', () => buyAndThinkAgain(crowd, goods, orders));
  await step('What is not paid ends', () => comeToRest(crowd, new Date(stage.now().getTime() + UNPAID_ENDS_MS)));
  killer.enter('sending');
  await step('Parcels are sent, arrive, and some come back', async () => {
    await sendAndReceive(crowd, goods);
    await journal.atWork(stage.untilQuiet());
  });
}

/** From the opening of some projects to the last retry of a card; their ids. */
async function playRound(crowd: Crowd, killer: Killer, sellers: readonly Person[]): Promise<string[]> {
  const { stage, journal, admin } = crowd;
  killer.enter('pledging');
  await admin.signIn();
  const projects = await step(
    'Projects open',
    () => openProjects(stage, admin, sellers),
    ({ length }) => `${length} projects`,
  );
  const held = await step('People pledge, think again, and tap twice', () => pledgeAndThinkAgain(crowd, projects));

  killer.enter('closing');
  const closeTime = (projects[0] as OpenProject).closeTime.getTime() + A_MINUTE_MS;
  await step('The close: pledges are charged or released', () => comeToRest(crowd, new Date(closeTime)));
  for (let day = 1; day <= DAYS_OF_RETRIES; day++) {
    const at = new Date(stage.now().getTime() + DAY_MS + A_MINUTE_MS);
    await step(`Day ${day} of retries, and some bring another card`, async () => {
      await journal.atWork(bringNewCards(crowd, held));
      await comeToRest(crowd, at);
    });
  }

  killer.enter('refunds');
  await admin.signIn();
  await step('Staff give some of it back', async () => {
    await giveSomeBack(crowd);
    await journal.atWork(stage.untilQuiet());
  });
  return projects.map(({ id }) => id);
}

async function comeToRest({ stage, journal }: Crowd, at: Date): Promise<void> {
  await stage.passTimeTo(at);
  await journal.atWork(stage.untilQuiet());
}
