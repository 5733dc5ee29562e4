import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { type Handler, pageSizeOf } from '@moa/kit';
import { roomToProto } from '../convert.js';
import type { Context } from '../service.js';
import { pageOfRooms } from '../store/room-pages.js';

type ListRooms = Handler<typeof ChatServiceDefinition.methods.listRooms>;

export const listRooms =
  ({ models }: Context): ListRooms =>
  async ({ pageSize, pageToken }) => {
    const { items, nextPageToken } = await pageOfRooms(models, undefined, pageSizeOf(pageSize), pageToken);
    return { rooms: items.map(roomToProto), nextPageToken };
  };
