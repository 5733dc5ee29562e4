import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { memberToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findHead } from '../store/entries.js';
import { markRead as mark } from '../store/members.js';
import { findRoom } from '../store/rooms.js';

type MarkRead = Handler<typeof ChatServiceDefinition.methods.markRead>;

export const markRead =
  ({ models }: Context): MarkRead =>
  async ({ roomId, sequence }, { caller, at }) => {
    await findRoom(models, roomId);
    // Nobody has read what is not there yet.
    const head = await findHead(models, roomId);
    const member = await mark(models, roomId, caller.accountId, Math.min(Number(sequence), head?.sequence ?? 0));
    return { member: memberToProto(member, at) };
  };
