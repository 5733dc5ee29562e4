// The story, from the sellers to the last retry, and what has to hold afterwards.

import { castBackers } from './cast.js';
import { welcome } from './chapters/backers.js';
import { type DayReport, nextDay, pastTheClose, toTheLastHour } from './chapters/closing.js';
import { appointOfficer, decideWhatStays, findTakenBack, passHalfAYear, verifyRooms } from './chapters/compliance.js';
import { exportRoom, forge, keepOutside, verifyOutside } from './chapters/exporting.js';
import { compareMyPages } from './chapters/my-pages.js';
import { bringNewCards } from './chapters/new-cards.js';
import { pledgeOnFirstDay, rushForTheLast, thinkAgain } from './chapters/pledging.js';
import { type LiveProject, publishProjects } from './chapters/projects.js';
import { giveOneBack } from './chapters/refund.js';
import { writeReviews } from './chapters/reviewing.js';
import { openSellers } from './chapters/sellers.js';
import { givePoints, openShop, rushForCoupons } from './chapters/shop.js';
import { receive, sendEverything, shop } from './chapters/shopping.js';
import { type Talk, talkInRooms } from './chapters/talk.js';
import { lookAtArchive, lookAtVerdicts } from './checks/archive.js';
import { lookAtEverything, type NamedFinding } from './checks/index.js';
import { lookAtReviewPoints, lookAtReviews } from './checks/reviews.js';
import { lookAtShop } from './checks/shop.js';
import { lookAtTalk } from './checks/talk.js';
import { totalsCheck } from './checks/totals.js';
import type { StoryData } from './data.js';
import { expectationOf } from './expectation.js';
import type { DemoOptions } from './options.js';
import type { Person } from './people.js';
import { printFindings, printHeading, printLine, step } from './print.js';
import { makeRandom } from './random.js';
import { printOutcomes, printShop } from './report.js';
import { DAY_MS } from './stack.js';
import type { Stage } from './stage.js';

/** One in so many buys in the shop, too. */
const BUYERS_OF = 3;
const SECOND_THOUGHTS_AFTER_DAYS = 5;
/** Before the first close, and before sessions end that nobody used for two weeks. */
const LOOK_IN_AFTER_DAYS = 13;
/** A refused card is tried for a week; one day more, and nothing is open. */
const MOST_DAYS_OF_RETRIES = 9;

/** `beforeTheEnd` is done when all has happened but what compliance does, and nobody has looked yet. */
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

  const talk = await step(
    'In the rooms they ask, and sellers answer',
    () => talkInRooms(stage, projects, sellers, first.made, story, makeRandom(seed)),
    ({ said }) => `${said.length} messages; one was edited in each room, one was taken back`,
  );

  printHeading(`Day ${SECOND_THOUGHTS_AFTER_DAYS}`);
  await stage.passTimeTo(new Date(stage.now().getTime() + SECOND_THOUGHTS_AFTER_DAYS * DAY_MS));
  await step(
    'Some think again',
    () => thinkAgain(first.made),
    ({ canceled, changed }) => `${canceled} pledges canceled, ${changed} changed`,
  );

  printHeading('The shop opens');
  const buyers = guests.slice(0, Math.max(12, Math.round(guests.length / BUYERS_OF)));
  const goods = await step(
    'Sellers put things on sale',
    () => openShop([...sellers.values()], story.products),
    (open) => `${open.length} products, ${open.reduce((sum, { variantIds }) => sum + variantIds.length, 0)} variants`,
  );
  const coupons = await step(
    'Everybody wants one of a few coupons',
    async () => {
      await admin.signIn();
      return rushForCoupons(admin, buyers);
    },
    ({ couponIds, limit, tooLate }) => `${couponIds.size} of ${limit} given out, ${tooLate} came too late`,
  );
  const points = await step(
    'Some are given points',
    () => givePoints(stage, admin, buyers),
    (given) => `${given.size} people`,
  );
  const shopping = await step(
    'They fill carts, check out and pay',
    () => shop(buyers, goods, coupons, points, makeRandom(seed)),
    ({ bought, soldOut, canceled }) =>
      `${bought.length} orders; ${soldOut} found something sold out, ${canceled} took the order back, ${bought.filter(({ paid }) => !paid).length} did not pay`,
  );
  await step(
    'Sellers pack and send',
    () => sendEverything(stage, goods),
    (parcels) => `${parcels} parcels`,
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

  const { kept } = await step(
    'Parcels have arrived',
    () => receive(stage, shopping.bought, goods),
    ({ completed, returned }) => `${completed} are content and earn points, ${returned} give something back`,
  );

  const written = await step(
    'They say what they think of it',
    () => writeReviews(stage, admin, kept, goods, story.reviews, makeRandom(seed)),
    (all) => `${all.length} reviews; one was changed, one taken back, and staff hid one of spam`,
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
  // Who is away for half a year has to sign in again; and what was said is gone then.
  const atTheEnd = await step(
    'Everybody looks at My Page again, and somebody reads the rooms',
    async () => ({ pages: await compareMyPages(stage, guests), talk: await lookAtTalk((await stage.signUp('listener')).moa, talk) }),
    ({ pages, talk: rooms }) => `${pages.figures}; ${rooms.figures}`,
  );
  const archive = await openTheArchive(stage, admin, projects, talk);

  printHeading('What came of it');
  await printOutcomes(stage);
  await printShop(stage);

  printHeading('Looked at from outside: SQL of our own, and the books of the provider');
  // The last ones may still be on their way; if they never arrive, the check says so.
  await stage.until('the webhooks are taken', async () => (await stage.pendingWebhooks()) === 0).catch(() => {});
  const totals = totalsCheck(projects, expectationOf(backers, story.projects, scale));
  const findings = [
    ...(await lookAtEverything(stage)),
    ...(await lookAtShop(stage, goods)),
    atTheEnd.talk,
    ...archive,
    await lookAtReviews((await stage.signUp('reader')).moa, written),
    await lookAtReviewPoints(stage, written),
    { says: totals.says, ...(await totals.look(stage)) },
    { says: `on day ${LOOK_IN_AFTER_DAYS} My Pages show what the pledges are`, ...halfway },
    { says: 'at the end My Pages show what became of the pledges', ...atTheEnd.pages },
  ];
  return printFindings(findings);
}

/** What a backer took back comes up again: in the archive, where two officers have a case. */
async function openTheArchive(
  stage: Stage,
  admin: Person,
  projects: readonly LiveProject[],
  { said: everything, takenBack }: Talk,
): Promise<NamedFinding[]> {
  printHeading('The archive');
  const [first, second] = await step(
    'Two people become compliance officers',
    async () => [await appointOfficer(stage, admin, 'officer-1'), await appointOfficer(stage, admin, 'officer-2')] as const,
    ([{ cause }]) => `their case is ${cause.caseId}`,
  );
  await step(
    'They look for what was taken back',
    () => findTakenBack(first, takenBack),
    ({ message, deletion }) => `"${message.content?.text}", and entry ${deletion.sequence} says that its author deleted it`,
  );
  const evidence = await step('They keep a checkpoint of the room, and the key, outside', () => keepOutside(first, takenBack));
  try {
    const keeping = await step(
      'A hold on what its author said there; all other talk is to go after half a year, but for one project',
      () => decideWhatStays(stage, first, takenBack, projects),
      ({ shortLived }) => `${shortLived.size} projects`,
    );

    printHeading('Half a year later');
    await step(
      'The purge comes by itself',
      () => passHalfAYear(stage, [first, second]),
      ({ purgedCount, heldCount, holdIds }) =>
        `${purgedCount} erased, ${heldCount} kept by ${holdIds.length === 1 ? 'a hold' : `${holdIds.length} holds`}`,
    );
    const verified = await step(
      'Each room is verified',
      () => verifyRooms(first, [...new Set(everything.map(({ roomId }) => roomId))]),
      ({ rooms, entries, purged, faults }) => `${rooms} rooms, ${entries} entries, ${purged} of them purged, ${faults.length} faults`,
    );
    const handedOver = await step('One asks for an export of the room, and the other approves it', () =>
      exportRoom([first, second], takenBack.roomId, evidence),
    );
    const right = await step('Whoever got it runs moa-verify', () => verifyOutside(handedOver, evidence));
    right.lines.forEach(printLine);
    const forged = await step('One byte of a copy is changed', async () =>
      verifyOutside(await forge(handedOver, takenBack, evidence), evidence),
    );
    forged.lines.forEach(printLine);
    return [...(await lookAtArchive(stage, { takenBack, keeping, verified })), lookAtVerdicts(takenBack, right, forged)];
  } finally {
    await evidence.remove();
  }
}

const said = ({ charged, refused, waiting }: DayReport) => `${charged} paid, ${waiting} refused and waiting, ${refused} dropped so far`;

const closeTimesOf = (times: readonly Date[]) =>
  [...new Set(times.map((time) => time.getTime()))].sort((a, b) => a - b).map((time) => new Date(time));
