import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { roomToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findHead } from '../store/entries.js';
import { findRoom, roomIdOf } from '../store/rooms.js';

type GetRoom = Handler<typeof ChatServiceDefinition.methods.getRoom>;

export const getRoom =
  ({ models }: Context): GetRoom =>
  async ({ id, projectId }) => {
    const room = await findRoom(models, id || roomIdOf(projectId));
    const head = await findHead(models, room._id);
    return { room: roomToProto(head ? { ...room, lastSequence: head.sequence, talkTime: head.time } : room) };
  };
