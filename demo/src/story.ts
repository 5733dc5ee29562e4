// The story, from the sellers to the last retry, and what has to hold afterwards.

import { castBackers } from './cast.js';
import { welcome } from './chapters/backers.js';
import { type DayReport, nextDay, pastTheClose, toTheLastHour } from './chapters/closing.js';
import { compareMyPages } from './chapters/my-pages.js';
import { bringNewCards } from './chapters/new-cards.js';
import { pledgeOnFirstDay, rushForTheLast, thinkAgain } from './chapters/pledging.js';
import { publishProjects } from './chapters/projects.js';
import { giveOneBack } from './chapters/refund.js';
import { openSellers } from './chapters/sellers.js';
import { lookAtEverything } from './checks/index.js';
import { totalsCheck } from './checks/totals.js';
import type { StoryData } from './data.js';
import { expectationOf } from './expectation.js';
import type { DemoOptions } from './options.js';
import { printFindings, printHeading, step } from './print.js';
import { makeRandom } from './random.js';
import { printOutcomes } from './report.js';
import { DAY_MS } from './stack.js';
import type { Stage } from './stage.js';

const SECOND_THOUGHTS_AFTER_DAYS = 5;
/** Before the first close, and before sessions end that nobody used for two weeks. */
const LOOK_IN_AFTER_DAYS = 13;
/** A refused card is tried for a week; one day more, and nothing is open. */
const MOST_DAYS_OF_RETRIES = 9;

/** `beforeTheEnd` is done when all has happened and nobody has looked yet. */
export async function tellStory(
  stage: Stage,
  story: StoryData,
  { seed, scale }: DemoOptions,
  beforeTheEnd: () => Promise<void>,
): Promise<boolean> {
  const backers = castBackers(story, Math.max(1, Math.round(story.backers * scale)), makeRandom(seed));

  printHeading('Before the opening');
  const admin = await stage.admin();
  const sellers = await step(
    'Sellers register and are approved',
    () => openSellers(stage, admin, story.sellers),
    (open) => `${open.size} sellers`,
  );
  const projects = await step(
    'Projects are submitted, reviewed and published',
    () => publishProjects(stage, admin, sellers, story.projects, scale),
    (open) => `${open.length} projects are live; one was sent back first`,
  );
  stage.projectIds = projects.map(({ id }) => id);
  const guests = await step(
    'Backers sign up and leave a card',
    () => welcome(stage, backers),
    (crowd) => `${crowd.length} backers`,
  );

  printHeading('The first day');
  const first = await step(
    'Everybody pledges at once',
    () => pledgeOnFirstDay(stage, guests, projects),
    ({ made, soldOut, tappedTwice }) =>
      `${made.length} pledges; ${soldOut} found a reward sold out, ${tappedTwice} tapped twice and made one pledge`,
  );

  printHeading(`Day ${SECOND_THOUGHTS_AFTER_DAYS}`);
  await stage.passTimeTo(new Date(stage.now().getTime() + SECOND_THOUGHTS_AFTER_DAYS * DAY_MS));
  await step(
    'Some think again',
    () => thinkAgain(first.made),
    ({ canceled, changed }) => `${canceled} pledges canceled, ${changed} changed`,
  );

  printHeading(`Day ${LOOK_IN_AFTER_DAYS}`);
  await stage.passTimeTo(new Date(stage.now().getTime() + (LOOK_IN_AFTER_DAYS - SECOND_THOUGHTS_AFTER_DAYS) * DAY_MS));
  const halfway = await step(
    'Everybody looks at My Page',
    async () => {
      await stage.untilQuiet();
      return compareMyPages(stage, guests);
    },
    ({ figures }) => figures,
  );

  for (const closeTime of closeTimesOf(projects.map((project) => project.closeTime))) {
    const closing = projects.filter((project) => project.closeTime.getTime() === closeTime.getTime());
    printHeading(`Day ${closing[0]?.data.durationDays}: ${closing.length} projects close`);
    const rush = guests.filter(
      ({ backer }) =>
        backer.behaviour.name === 'last-minute-rush' && closing.some(({ data }) => backer.pledges.some(({ project }) => project === data)),
    );
    if (rush.length > 0) {
      await toTheLastHour(stage, closeTime);
      await step(
        `${rush.length} backers rush for the last rewards`,
        () => rushForTheLast(stage, rush, projects),
        ({ made, soldOut }) => `${made.length} pledges; ${soldOut} came too late for the reward`,
      );
    }
    await step('The close', () => pastTheClose(stage, closeTime), said);
  }

  printHeading('The days after');
  await step(
    'Some bring a new card',
    () => bringNewCards(stage, first.made),
    (changed) => `${changed} refused pledges have another card now`,
  );
  for (let day = 1; day <= MOST_DAYS_OF_RETRIES; day += 1) {
    const { waiting } = await step(`Day ${day} of retries`, () => nextDay(stage), said);
    if (waiting === 0) break;
  }

  await step(
    'A parcel arrived broken, and staff give the money back',
    () => giveOneBack(stage, admin),
    (amount) => amount,
  );

  await beforeTheEnd();
  await stage.untilQuiet();
  printHeading('What came of it');
  await printOutcomes(stage);

  printHeading('Looked at from outside: SQL of our own, and the books of the provider');
  // The last ones may still be on their way; if they never arrive, the check says so.
  await stage.until('the webhooks are taken', async () => (await stage.pendingWebhooks()) === 0).catch(() => {});
  const totals = totalsCheck(projects, expectationOf(backers, story.projects, scale));
  const findings = [
    ...(await lookAtEverything(stage)),
    { says: totals.says, ...(await totals.look(stage)) },
    { says: `on day ${LOOK_IN_AFTER_DAYS} My Pages show what the pledges are`, ...halfway },
    { says: 'at the end My Pages show what became of the pledges', ...(await compareMyPages(stage, guests)) },
  ];
  return printFindings(findings);
}

const said = ({ charged, refused, waiting }: DayReport) => `${charged} paid, ${waiting} refused and waiting, ${refused} dropped so far`;

const closeTimesOf = (times: readonly Date[]) =>
  [...new Set(times.map((time) => time.getTime()))].sort((a, b) => a - b).map((time) => new Date(time));
