// What may be written into a room's log. Decided on the log as it is: see rooms/room-writer.ts.
import { fail } from '../errors.js';
import { type Content, type Draft, type Entry, type EntryKind, type Mark, NOTHING } from './entry.js';
import { isSilent, type Member } from './member.js';
import { isDeleted, isHidden } from './view.js';

const HOUR_MS = 3_600_000;
const EDITABLE_FOR_MS = 24 * HOUR_MS;
/** The view of a message reads all of them. */
export const MAX_EDITS = 50;

/** What somebody wants to have in the log. */
export interface Wish {
  readonly kind: EntryKind;
  readonly roomId: string;
  readonly authorId: string;
  readonly isStaff: boolean;
  readonly at: Date;
  /** 0 for a message. */
  readonly target: number;
  readonly content: Content;
}

export interface RoomFacts {
  readonly sellerId: string;
  readonly state: 'OPEN' | 'FROZEN';
}

/** A message and what has happened to it since. */
export interface Told {
  readonly message: Entry;
  readonly later: readonly Entry[];
}

/** The log as it is: of messages and members only those that a wish is about. */
export interface Look {
  readonly room: RoomFacts | undefined;
  member(accountId: string): Member | undefined;
  /** Undefined for a sequence that is no message. */
  told(sequence: number): Told | undefined;
}

/** What is written; undefined when it is so already. Throws when it may not be. */
export function decide(wish: Wish, look: Look): Draft | undefined {
  const { room } = look;
  if (!room) throw fail('ROOM_NOT_FOUND');
  const { kind, authorId, target } = wish;
  const draft = (content: Content, mark: Mark): Draft => ({ kind, authorId, mark, target, content });
  switch (kind) {
    case 'MESSAGE':
      expectWriter(wish, room, look);
      expectOthers(wish.content, look);
      return draft(wish.content, markOf(wish, room));
    case 'EDIT':
      return draft(editOf(wish, room, look), markOf(wish, room));
    case 'DELETE':
      return isDeleted(ownMessage(wish, look).later) ? undefined : draft(NOTHING, markOf(wish, room));
    case 'HIDE':
      return isHidden(messageOf(wish, look).later) ? undefined : draft(NOTHING, 'MODERATOR');
    case 'UNHIDE':
      return isHidden(messageOf(wish, look).later) ? draft(NOTHING, 'MODERATOR') : undefined;
  }
}

/** Refuses what says nothing. Spaces are nothing. */
export function expectSomething({ text, imageUrls }: Content): void {
  if (text.trim() === '' && imageUrls.length === 0) throw fail('MESSAGE_EMPTY');
}

function editOf(wish: Wish, room: RoomFacts, look: Look): Content {
  const { message, later } = ownMessage(wish, look);
  expectWriter(wish, room, look);
  if (isDeleted(later)) throw fail('MESSAGE_DELETED');
  if (isHidden(later)) throw fail('MESSAGE_HIDDEN');
  if (wish.at.getTime() - message.time.getTime() > EDITABLE_FOR_MS || !message.content) throw fail('EDIT_TOO_LATE');
  if (later.filter(({ kind }) => kind === 'EDIT').length >= MAX_EDITS) throw fail('EDITS_TOO_MANY', { limit: MAX_EDITS });
  // Whom it answers and speaks to stays.
  return { ...wish.content, replyTo: message.content.replyTo, mentions: message.content.mentions };
}

function expectWriter({ authorId, at }: Wish, room: RoomFacts, look: Look): void {
  const member = look.member(authorId);
  if (!member || member.leaveTime) throw fail('NOT_A_MEMBER');
  if (room.state === 'FROZEN') throw fail('ROOM_FROZEN');
  if (isSilent(member, at)) throw fail('MEMBER_MUTED', { until: member.muteEndTime!.toISOString() });
}

function expectOthers({ replyTo, mentions }: Content, look: Look): void {
  if (replyTo > 0 && !look.told(replyTo)) throw fail('MESSAGE_NOT_FOUND', { sequence: replyTo });
  for (const accountId of mentions) {
    const member = look.member(accountId);
    if (!member || member.leaveTime) throw fail('MEMBER_NOT_FOUND', { accountId });
  }
}

function messageOf({ target }: Wish, look: Look): Told {
  const told = look.told(target);
  if (!told) throw fail('MESSAGE_NOT_FOUND', { sequence: target });
  return told;
}

// Somebody else's is none.
function ownMessage(wish: Wish, look: Look): Told {
  const told = messageOf(wish, look);
  if (told.message.authorId !== wish.authorId) throw fail('MESSAGE_NOT_FOUND', { sequence: wish.target });
  return told;
}

const markOf = ({ authorId, isStaff }: Wish, { sellerId }: RoomFacts): Mark =>
  authorId === sellerId ? 'SELLER' : isStaff ? 'MODERATOR' : 'NONE';
