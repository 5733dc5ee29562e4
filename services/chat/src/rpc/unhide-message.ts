import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { writingOf } from '../rooms/writing.js';
import type { Context } from '../service.js';
import { readMessage } from '../store/read-message.js';

type UnhideMessage = Handler<typeof ModerationServiceDefinition.methods.unhideMessage>;

export const unhideMessage =
  ({ models, writer }: Context): UnhideMessage =>
  async ({ roomId, sequence }, call) => {
    await writer.write(writingOf(call, { kind: 'UNHIDE', roomId, target: Number(sequence) }));
    return { message: await readMessage(models, roomId, Number(sequence)) };
  };
