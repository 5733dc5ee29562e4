import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { leave } from '../store/members.js';
import { findRoom } from '../store/rooms.js';

type LeaveRoom = Handler<typeof ChatServiceDefinition.methods.leaveRoom>;

export const leaveRoom =
  ({ models, memberCounts }: Context): LeaveRoom =>
  async ({ roomId }, { caller, at }) => {
    await findRoom(models, roomId);
    if (await leave(models, roomId, caller.accountId, at)) memberCounts.ask(roomId);
    return {};
  };
