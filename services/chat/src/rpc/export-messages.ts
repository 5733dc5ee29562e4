import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { expectExport } from '../domain/approval.js';
import type { Context } from '../service.js';
import { findApproval } from '../store/approvals.js';
import { exportMessages as write } from '../work/export-messages.js';

type ExportMessages = Handler<typeof ArchiveServiceDefinition.methods.exportMessages>;

export const exportMessages = ({ models, signing }: Context): ExportMessages =>
  async function* ({ exportId }, { caller, at, signal }) {
    const approval = await findApproval(models, exportId);
    expectExport(approval, caller.accountId, at);
    for await (const part of write(models, signing, approval, at)) {
      if (signal.aborted) return;
      yield { part };
    }
  };
