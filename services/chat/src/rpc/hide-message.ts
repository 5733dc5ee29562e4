import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { writingOf } from '../rooms/writing.js';
import type { Context } from '../service.js';
import { readMessage } from '../store/read-message.js';

type HideMessage = Handler<typeof ModerationServiceDefinition.methods.hideMessage>;

export const hideMessage =
  ({ models, writer }: Context): HideMessage =>
  async ({ roomId, sequence }, call) => {
    await writer.write(writingOf(call, { kind: 'HIDE', roomId, target: Number(sequence) }));
    return { message: await readMessage(models, roomId, Number(sequence)) };
  };
