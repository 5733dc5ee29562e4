// People talk about the projects: they ask, sellers answer, somebody mends a word, and somebody takes back what should not have been said.
import { atOnce } from '../at-once.js';
import type { StoryData } from '../data.js';
import type { Person } from '../people.js';
import type { Random } from '../random.js';
import type { Stage } from '../stage.js';
import type { Guest } from './backers.js';
import type { MadePledge } from './pledging.js';
import type { LiveProject } from './projects.js';

const ROOMS_AT_ONCE = 4;
const TALKERS = 6;
const LONGEST_NAME = 20;

export interface Said {
  readonly roomId: string;
  readonly sequence: bigint;
  readonly authorId: string;
  readonly text: string;
}

export interface Talk {
  readonly said: readonly Said[];
  /** What its author took back: gone from sight, and still in the archive. */
  readonly takenBack: Said;
}

/** In each project's room some of its backers, and its seller. */
export async function talkInRooms(
  stage: Stage,
  projects: readonly LiveProject[],
  sellers: ReadonlyMap<string, Person>,
  pledges: readonly MadePledge[],
  { talk: lines, sellers: sellerData }: StoryData,
  random: Random,
): Promise<Talk> {
  const plans = projects.map((project) => ({
    project,
    guests: [...new Set(pledges.filter((pledge) => pledge.project === project).map(({ guest }) => guest))].slice(0, TALKERS),
    openings: random.shuffle([...lines.questions, ...lines.cheers]),
    answer: random.pick(lines.answers),
  }));
  const told = await atOnce(ROOMS_AT_ONCE, plans, async ({ project, guests, openings, answer }) => {
    const seller = sellers.get(project.data.seller)!;
    const roomId = await roomOf(stage, seller, project.id);
    const [first] = guests;
    if (!first) return [];
    await enter(roomId, seller, sellerData.find(({ key }) => key === project.data.seller)!.companyName);
    for (const { person, backer } of guests) await enter(roomId, person, backer.name);
    const said = await Promise.all(guests.map(({ person }, nth) => say(person, roomId, openings[nth % openings.length]!)));
    said.push(await say(seller, roomId, answer, said[0]!.sequence));
    const typo = await say(first.person, roomId, lines.typo.text);
    await first.person.moa.chat.editMessage({ roomId, sequence: typo.sequence, text: lines.typo.edited });
    said.push({ ...typo, text: lines.typo.edited });
    return said;
  });
  const { project, guests } = plans.find((plan) => plan.guests.length > 0)!;
  return { said: told.flat(), takenBack: await sayAndTakeBack(stage, guests[0]!, project, lines.takenBack) };
}

async function sayAndTakeBack(stage: Stage, { person }: Guest, { id }: LiveProject, text: string): Promise<Said> {
  const roomId = await roomOf(stage, person, id);
  const said = await say(person, roomId, text);
  await person.moa.chat.deleteMessage({ roomId, sequence: said.sequence });
  return said;
}

async function roomOf(stage: Stage, { moa }: Person, projectId: string): Promise<string> {
  const { room } = await stage.whileRefused('ROOM_NOT_FOUND', () => moa.chat.getRoom({ projectId }));
  return room!.id;
}

const enter = (roomId: string, { moa }: Person, name: string) =>
  moa.chat.joinRoom({ roomId, nickname: [...name.replace(/[^\p{L}\p{N} _-]/gu, '')].slice(0, LONGEST_NAME).join('').trim() });

async function say({ moa, accountId: authorId }: Person, roomId: string, text: string, replyTo = 0n): Promise<Said> {
  const { message } = await moa.chat.sendMessage({ roomId, text, replyTo });
  return { roomId, sequence: message!.sequence, authorId, text };
}
