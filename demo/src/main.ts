// The story of thirteen projects and three hundred backers, through every real part of the house.

import { atOnce } from './at-once.js';
import { castBackers } from './cast.js';
import { welcome } from './chapters/backers.js';
import { type DayReport, nextDay, pastTheClose, toTheLastHour } from './chapters/closing.js';
import { compareMyPages } from './chapters/my-pages.js';
import { pledgeOnFirstDay, rushForTheLast, thinkAgain } from './chapters/pledging.js';
import { publishProjects } from './chapters/projects.js';
import { giveOneBack } from './chapters/refund.js';
import { openSellers } from './chapters/sellers.js';
import { lookAtEverything } from './checks/index.js';
import { readStory, type StoryData } from './data.js';
import { type DemoOptions, readOptions } from './options.js';
import { printFindings, printHeading, printLine, printRefusal, step } from './print.js';
import { makeRandom } from './random.js';
import { printOutcomes } from './report.js';
import { DAY_MS, openStack } from './stack.js';
import { openStage, type Stage } from './stage.js';

const SECOND_THOUGHTS_AFTER_DAYS = 5;
const SIGN_INS_AT_ONCE = 8;
/** A refused card is tried for a week; one day more, and nothing is open. */
const MOST_DAYS_OF_RETRIES = 9;

async function tell(stage: Stage, story: StoryData, { seed, scale }: DemoOptions): Promise<boolean> {
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

  for (const closeTime of closeTimesOf(projects.map((project) => project.closeTime))) {
    const closing = projects.filter((project) => project.closeTime.getTime() === closeTime.getTime());
    printHeading(`Day ${closing[0]?.data.durationDays}: ${closing.length} projects close`);
    const rush = guests.filter(
      ({ backer }) =>
        backer.behaviour.name === 'last-minute-rush' && closing.some(({ data }) => backer.pledges.some(({ project }) => project === data)),
    );
    if (rush.length > 0) {
      await toTheLastHour(stage, closeTime);
      // Gone for weeks: their sessions have ended.
      await step(
        `${rush.length} backers rush for the last rewards`,
        async () => {
          await atOnce(SIGN_INS_AT_ONCE, rush, ({ person }) => person.signIn());
          return rushForTheLast(stage, rush, projects);
        },
        ({ made, soldOut }) => `${made.length} pledges; ${soldOut} came too late for the reward`,
      );
    }
    await step('The close', () => pastTheClose(stage, closeTime), said);
  }

  printHeading('The days after');
  for (let day = 1; day <= MOST_DAYS_OF_RETRIES; day += 1) {
    const { waiting } = await step(`Day ${day} of retries`, () => nextDay(stage), said);
    if (waiting === 0) break;
  }

  await step(
    'A parcel arrived broken, and staff give the money back',
    () => giveOneBack(stage, admin),
    (amount) => amount,
  );

  printHeading('What came of it');
  await printOutcomes(stage);

  printHeading('Looked at from outside: SQL of our own, and the books of the provider');
  const findings = [
    ...(await lookAtEverything(stage)),
    { says: 'My Pages show what the pledges are', ...(await compareMyPages(stage, guests)) },
  ];
  return printFindings(findings);
}

const said = ({ charged, refused, waiting }: DayReport) => `${charged} paid, ${waiting} refused and waiting, ${refused} dropped so far`;

const closeTimesOf = (times: readonly Date[]) =>
  [...new Set(times.map((time) => time.getTime()))].sort((a, b) => a - b).map((time) => new Date(time));

async function run(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  const started = performance.now();
  const stack = await openStack(options);
  const stage = openStage(stack);
  try {
    printLine(
      `${stack.own ? 'A stack of its own' : 'The running stack'} at ${stack.publicUrl}; seed ${options.seed}, scale ${options.scale}, run ${stage.runId}`,
    );
    const good = await tell(stage, await readStory(), options);
    if (!stack.own)
      printLine(`The clock of this stack is ${stack.daysAhead()} days ahead now; npm run stack -- reset puts everything back.`);
    printLine(`${((performance.now() - started) / 1000).toFixed(1)} s in all`);
    return good;
  } finally {
    await stage.close();
    await stack.close();
  }
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  printRefusal(error);
  process.exitCode = 1;
}
