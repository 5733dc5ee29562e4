import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { retentionReportToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { listRetentionReports as list } from '../store/retention-reports.js';

type ListRetentionReports = Handler<typeof ArchiveServiceDefinition.methods.listRetentionReports>;

export const listRetentionReports =
  ({ models }: Context): ListRetentionReports =>
  async ({ pageSize, pageToken }) => {
    const size = pageSizeOf(pageSize);
    const rows = await list(models, readTimeToken(pageToken, []), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ startTime, _id }) => [startTime.toISOString(), _id]);
    return { reports: items.map(retentionReportToProto), nextPageToken };
  };
