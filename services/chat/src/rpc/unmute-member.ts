import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { memberToProto } from '../convert.js';
import type { Context } from '../service.js';
import { setMute } from '../store/members.js';
import { findRoom } from '../store/rooms.js';

type UnmuteMember = Handler<typeof ModerationServiceDefinition.methods.unmuteMember>;

export const unmuteMember =
  ({ models }: Context): UnmuteMember =>
  async ({ roomId, accountId }, { at }) => {
    await findRoom(models, roomId);
    return { member: memberToProto(await setMute(models, roomId, accountId, undefined), at) };
  };
