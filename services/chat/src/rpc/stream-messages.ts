import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { findRoom } from '../store/rooms.js';

type StreamMessages = Handler<typeof ChatServiceDefinition.methods.streamMessages>;

export const streamMessages =
  ({ models, feeds, readers }: Context): StreamMessages =>
  ({ roomId, after, fromNow }, { person, signal }) => {
    let leave = () => {};
    return feeds.read(roomId, fromNow ? undefined : Number(after), {
      signal,
      async enter() {
        if (person) leave = readers.enter(person.accountId);
        await findRoom(models, roomId);
      },
      leave: () => leave(),
    });
  };
