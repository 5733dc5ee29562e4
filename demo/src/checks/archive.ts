// What stands in the archive's own documents after the purge, hashed by who has nothing of chat's code.
import { commitmentOf, entryHash, hex, ZERO } from '@moa/verify';
import type { Keeping, Verified } from '../chapters/compliance.js';
import type { Verdict } from '../chapters/exporting.js';
import type { Said } from '../chapters/talk.js';
import type { Stage } from '../stage.js';
import { type Finding, noneOf } from './check.js';
import type { NamedFinding } from './index.js';

interface StoredEntry {
  readonly roomId: string;
  readonly projectId: string;
  readonly sequence: number;
  readonly time: Date;
  readonly authorId: string;
  readonly mark: string;
  readonly kind: string;
  readonly target: number;
  readonly content?: Parameters<typeof commitmentOf>[0];
  readonly nonce?: string;
  readonly grams?: readonly string[];
  readonly purgeTime?: Date;
  readonly commitment: string;
  readonly previous: string;
  readonly hash: string;
}

export async function lookAtArchive(
  stage: Stage,
  { takenBack, keeping, verified }: { readonly takenBack: Said; readonly keeping: Keeping; readonly verified: Verified },
): Promise<NamedFinding[]> {
  const entries = await stage
    .documents('chat')
    .collection<StoredEntry>('entries')
    .find({ projectId: { $in: [...stage.projectIds] } })
    .sort({ roomId: 1, sequence: 1 })
    .toArray();
  return [
    { says: 'what is held is in the archive, and what was due is purged', ...lookAtPurge(entries, keeping, takenBack) },
    { says: "each room's chain verifies, by VerifyRoom and by its hashes alone", ...lookAtChains(entries, verified) },
  ];
}

function lookAtPurge(entries: readonly StoredEntry[], { hold, shortLived }: Keeping, takenBack: Said): Finding {
  const isHeld = ({ roomId, authorId }: StoredEntry) => roomId === hold.roomId && authorId === hold.authorId;
  const isDue = ({ projectId }: StoredEntry) => shortLived.has(projectId);
  const held = entries.filter((entry) => isDue(entry) && isHeld(entry));
  const purged = entries.filter((entry) => isDue(entry) && !isHeld(entry));
  const kept = entries.filter((entry) => !purged.includes(entry));
  const broken = [
    ...purged.filter(isReadable).map(({ roomId, sequence }) => `${roomId}, ${sequence} was due, and is there`),
    ...kept.filter((entry) => !isWhole(entry)).map(({ roomId, sequence }) => `${roomId}, ${sequence} was to stay, and is gone`),
  ];
  const found = held.find(({ sequence }) => sequence === Number(takenBack.sequence));
  if (found?.content?.text !== takenBack.text) broken.push('what was taken back is not there as it was said');
  return noneOf(broken, `${held.length} held, ${purged.length} purged, ${kept.length - held.length} not due`);
}

const isReadable = ({ content, nonce, grams, purgeTime }: StoredEntry) => (content ?? nonce ?? grams) !== undefined || !purgeTime;

const isWhole = ({ content, nonce, purgeTime, commitment }: StoredEntry) =>
  !purgeTime && content !== undefined && nonce !== undefined && hex(commitmentOf(content, Buffer.from(nonce, 'hex'))) === commitment;

function lookAtChains(entries: readonly StoredEntry[], { rooms, entries: count, purged, faults }: Verified): Finding {
  const broken = [...faults];
  let last: { readonly roomId: string; readonly sequence: number; readonly hash: string } = { roomId: '', sequence: 0, hash: '' };
  for (const entry of entries) {
    const { roomId, authorId, sequence, commitment, previous, hash } = entry;
    const before = last.roomId === roomId ? last : { sequence: 0, hash: hex(ZERO) };
    const own = entryHash({ ...entry, room: roomId, author: authorId }, Buffer.from(commitment, 'hex'), Buffer.from(previous, 'hex'));
    if (sequence !== before.sequence + 1 || previous !== before.hash || hex(own) !== hash) broken.push(`${roomId}, ${sequence}`);
    last = entry;
  }
  if (count !== BigInt(entries.length)) broken.push(`VerifyRoom has read ${count} of ${entries.length} entries`);
  return noneOf(broken, `${rooms} rooms, ${count} entries, ${purged} of them purged`);
}

/** Of the export as it was handed over, and of a copy with another letter in what was taken back. */
export function lookAtVerdicts({ roomId, sequence }: Said, right: Verdict, forged: Verdict): NamedFinding {
  const broken = [
    right.code !== 0 && `the export is called wrong: ${right.lines[0]}`,
    (forged.code !== 1 || !forged.lines.some((line) => line.includes(`room ${roomId}, sequence ${sequence}: `))) &&
      `the changed byte is not found: ${forged.lines[0]}`,
  ].filter((each) => each !== false);
  return { says: 'moa-verify finds the export right, and a changed byte where it is', ...noneOf(broken, '1 export, 1 copy') };
}
