// Domain <-> contract.
import * as proto from '@moa/contracts/chat/v1/chat';
import { StreamMessagesResponse } from '@moa/contracts/chat/v1/chat_service';
import { enumName } from '@moa/kit';
import type { Told } from './domain/decide.js';
import { type Content, type Entry, type EntryKind, says } from './domain/entry.js';
import { isSilent, type Member } from './domain/member.js';
import { viewOf } from './domain/view.js';
import type { ReportDocument, RoomDocument } from './store/models.js';

export const kindToProto = (kind: EntryKind): proto.Entry_Kind => proto.Entry_Kind[`KIND_${kind}`];

export const roomToProto = (room: RoomDocument): proto.Room => ({
  id: room._id,
  projectId: room.projectId,
  sellerId: room.sellerId,
  title: room.title,
  state: proto.Room_State[`STATE_${room.state}`],
  createTime: room.createTime,
  lastSequence: BigInt(room.lastSequence),
  lastEntryTime: room.lastSequence > 0 ? room.talkTime : undefined,
  memberCount: room.memberCount,
});

export const memberToProto = (member: Member, at: Date): proto.Member => ({
  roomId: member.roomId,
  accountId: member.accountId,
  nickname: member.nickname,
  joinTime: member.joinTime,
  muteEndTime: isSilent(member, at) ? member.muteEndTime : undefined,
  readSequence: BigInt(member.readSequence),
});

/** A message as readers see it. */
export function messageToProto({ message, later }: Told, authors: ReadonlyMap<string, Member>): proto.Message {
  const { state, content, editTime } = viewOf(message, later);
  return { ...basicsOf(message, authors), state: proto.Message_State[`STATE_${state}`], content: contentToProto(content), editTime };
}

/** A message as it was said, whatever has happened since. */
export const asSaid = (message: Entry, authors: ReadonlyMap<string, Member>): proto.Message => ({
  ...basicsOf(message, authors),
  state: message.content ? proto.Message_State.STATE_POSTED : proto.Message_State.STATE_PURGED,
  content: contentToProto(message.content),
  editTime: undefined,
});

/** What a stream sends of an entry: encoded once, and the same bytes for everybody. */
export const encodeEntry = (entry: Entry, isShown: boolean, authors: ReadonlyMap<string, Member>): Uint8Array =>
  StreamMessagesResponse.encode({
    entry: {
      ...basicsOf(entry, authors),
      kind: kindToProto(entry.kind),
      target: BigInt(entry.target),
      content: isShown && says(entry) ? contentToProto(entry.content) : undefined,
    },
    upTo: 0n,
  }).finish();

export const encodeSign = (upTo: number): Uint8Array => StreamMessagesResponse.encode({ entry: undefined, upTo: BigInt(upTo) }).finish();

const basicsOf = ({ roomId, sequence, authorId, mark, time }: Entry, authors: ReadonlyMap<string, Member>) => ({
  roomId,
  sequence: BigInt(sequence),
  authorId,
  authorNickname: authors.get(authorId)?.nickname ?? '',
  mark: proto.Mark[`MARK_${mark}`],
  createTime: time,
});

export const contentToProto = (content: Content | undefined): proto.Content | undefined =>
  content && {
    text: content.text,
    imageUrls: [...content.imageUrls],
    replyTo: BigInt(content.replyTo),
    mentions: [...content.mentions],
  };

export const reportToProto = (
  report: ReportDocument,
  message: Entry,
  reasons: readonly string[],
  authors: ReadonlyMap<string, Member>,
): proto.Report => ({
  id: report._id,
  message: asSaid(message, authors),
  reporterCount: report.reporterCount,
  reasons: [...reasons],
  state: proto.Report_State[`STATE_${report.state}`],
  createTime: report.createTime,
  decideTime: report.decideTime,
});

export const reportStateOf = (state: proto.Report_State): ReportDocument['state'] =>
  enumName(proto.Report_State, state, 'STATE_') ?? 'OPEN';
