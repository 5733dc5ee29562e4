import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { memberToProto } from '../convert.js';
import type { Context } from '../service.js';
import { setMute } from '../store/members.js';
import { findRoom } from '../store/rooms.js';

type MuteMember = Handler<typeof ModerationServiceDefinition.methods.muteMember>;

const MINUTE_MS = 60_000;

export const muteMember =
  ({ models }: Context): MuteMember =>
  async ({ roomId, accountId, minutes }, { at }) => {
    await findRoom(models, roomId);
    const member = await setMute(models, roomId, accountId, new Date(at.getTime() + minutes * MINUTE_MS));
    return { member: memberToProto(member, at) };
  };
