import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { type Handler, invalid, pageSizeOf } from '@moa/kit';
import { messageToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listMessages as list } from '../store/entries.js';
import { membersOf } from '../store/members.js';
import { findRoom } from '../store/rooms.js';

type ListMessages = Handler<typeof ChatServiceDefinition.methods.listMessages>;

export const listMessages =
  ({ models }: Context): ListMessages =>
  async ({ roomId, before, after, pageSize }) => {
    if (before > 0n && after > 0n) throw invalid([{ field: 'after', description: 'not together with before' }]);
    await findRoom(models, roomId);
    const size = pageSizeOf(pageSize);
    const found = await list(models, roomId, { before: Number(before), after: Number(after) }, size + 1);
    const page = found.slice(0, size);
    const authors = await membersOf(
      models,
      roomId,
      page.map(({ message }) => message.authorId),
    );
    return { messages: page.map((told) => messageToProto(told, authors)), hasMore: found.length > size };
  };
