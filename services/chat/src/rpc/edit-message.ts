import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { expectSomething } from '../domain/decide.js';
import { expectAllowance, writingOf } from '../rooms/writing.js';
import type { Context } from '../service.js';
import { readMessage } from '../store/read-message.js';

type EditMessage = Handler<typeof ChatServiceDefinition.methods.editMessage>;

export const editMessage =
  ({ models, writer, allowances }: Context): EditMessage =>
  async ({ roomId, sequence, text, imageUrls }, call) => {
    const content = { text, imageUrls, replyTo: 0, mentions: [] };
    expectSomething(content);
    expectAllowance(allowances.change, call);
    await writer.write(writingOf(call, { kind: 'EDIT', roomId, target: Number(sequence), content, requestId: call.claim.requestId }));
    return { message: await readMessage(models, roomId, Number(sequence)) };
  };
