import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { asSaid } from '../convert.js';
import { expectSomething } from '../domain/decide.js';
import { expectAllowance, writingOf } from '../rooms/writing.js';
import type { Context } from '../service.js';
import { membersOf } from '../store/members.js';

type SendMessage = Handler<typeof ChatServiceDefinition.methods.sendMessage>;

export const sendMessage =
  ({ models, writer, allowances }: Context): SendMessage =>
  async ({ roomId, text, imageUrls, replyTo, mentions }, call) => {
    const { accountId } = call.caller;
    const content = { text, imageUrls, replyTo: Number(replyTo), mentions: [...new Set(mentions)] };
    expectSomething(content);
    expectAllowance(allowances.send, call);
    const entry = await writer.write(writingOf(call, { kind: 'MESSAGE', roomId, target: 0, content, requestId: call.claim.requestId }));
    return { message: asSaid(entry!, await membersOf(models, roomId, [accountId])) };
  };
