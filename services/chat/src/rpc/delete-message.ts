import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { expectAllowance, writingOf } from '../rooms/writing.js';
import type { Context } from '../service.js';
import { readMessage } from '../store/read-message.js';

type DeleteMessage = Handler<typeof ChatServiceDefinition.methods.deleteMessage>;

export const deleteMessage =
  ({ models, writer, allowances }: Context): DeleteMessage =>
  async ({ roomId, sequence }, call) => {
    expectAllowance(allowances.change, call);
    await writer.write(writingOf(call, { kind: 'DELETE', roomId, target: Number(sequence) }));
    return { message: await readMessage(models, roomId, Number(sequence)) };
  };
