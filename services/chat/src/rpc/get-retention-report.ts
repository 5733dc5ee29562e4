import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { retentionReportToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { findRetentionReport } from '../store/retention-reports.js';

type GetRetentionReport = Handler<typeof ArchiveServiceDefinition.methods.getRetentionReport>;

export const getRetentionReport =
  ({ models }: Context): GetRetentionReport =>
  async ({ id }) => ({ report: retentionReportToProto(await findRetentionReport(models, id)) });
