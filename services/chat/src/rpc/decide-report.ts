import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { writingOf } from '../rooms/writing.js';
import type { Context } from '../service.js';
import { readReport } from '../store/read-report.js';
import { decideReport as decide } from '../store/reports.js';

type DecideReport = Handler<typeof ModerationServiceDefinition.methods.decideReport>;

export const decideReport =
  ({ models, writer }: Context): DecideReport =>
  async ({ id, uphold }, call) => {
    const report = await decide(models, id, uphold ? 'UPHELD' : 'DISMISSED', call.caller.accountId, call.at);
    // After the decision, which only one makes; who asks again hides what a kill has left.
    if (uphold) await writer.write(writingOf(call, { kind: 'HIDE', roomId: report.roomId, target: report.sequence }));
    return { report: await readReport(models, report) };
  };
