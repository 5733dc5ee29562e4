import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { type Handler, pageSizeOf } from '@moa/kit';
import { memberToProto, roomToProto } from '../convert.js';
import type { Context } from '../service.js';
import { countMessages } from '../store/entries.js';
import { MOST_ROOMS, roomsOf } from '../store/members.js';
import { pageOfRooms } from '../store/room-pages.js';

type ListMyRooms = Handler<typeof ChatServiceDefinition.methods.listMyRooms>;

const MOST_UNREAD = 100;

export const listMyRooms =
  ({ models }: Context): ListMyRooms =>
  async ({ pageSize, pageToken }, { caller, at }) => {
    const members = new Map((await roomsOf(models, caller.accountId, MOST_ROOMS)).map((member) => [member.roomId, member]));
    const { items, nextPageToken } = await pageOfRooms(models, [...members.keys()], pageSizeOf(pageSize), pageToken);
    const rooms = await Promise.all(
      items.map(async (room) => {
        const member = members.get(room._id)!;
        const unreadCount = await countMessages(models, room._id, member.readSequence, MOST_UNREAD);
        return { room: roomToProto(room), member: memberToProto(member, at), unreadCount };
      }),
    );
    return { rooms, nextPageToken };
  };
