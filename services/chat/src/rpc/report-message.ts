import type { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { findMessage } from '../store/entries.js';
import { report } from '../store/reports.js';

type ReportMessage = Handler<typeof ChatServiceDefinition.methods.reportMessage>;

export const reportMessage =
  ({ models }: Context): ReportMessage =>
  async ({ roomId, sequence, reason }, { caller, at }) => {
    await findMessage(models, roomId, Number(sequence));
    await report(models, { roomId, sequence: Number(sequence), accountId: caller.accountId, reason }, at);
    return {};
  };
