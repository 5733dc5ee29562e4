import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { memberToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findMember, isClosed, join, leave, MOST_ROOMS, roomsOf } from '../store/members.js';
import { findRoom } from '../store/rooms.js';

type JoinRoom = Handler<typeof ChatServiceDefinition.methods.joinRoom>;

export const joinRoom =
  ({ models, memberCounts }: Context): JoinRoom =>
  async ({ roomId, nickname }, { caller: { accountId }, at }) => {
    await findRoom(models, roomId);
    const before = await findMember(models, roomId, accountId);
    const isIn = before !== null && !before.leaveTime;
    if (!isIn && (await roomsOf(models, accountId, MOST_ROOMS)).length >= MOST_ROOMS) throw fail('ROOMS_TOO_MANY', { limit: MOST_ROOMS });
    const member = await join(models, roomId, accountId, nickname, at);
    // Looked for afterwards: whichever of both comes first, no name stays.
    if (await isClosed(models, accountId)) {
      await leave(models, roomId, accountId, at);
      throw fail('ROOM_NOT_FOUND');
    }
    if (!isIn) memberCounts.ask(roomId);
    return { member: memberToProto(member, at) };
  };
