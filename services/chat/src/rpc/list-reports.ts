import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { reportStateOf } from '../convert.js';
import type { Context } from '../service.js';
import { readReport } from '../store/read-report.js';
import { listReports as list } from '../store/reports.js';

type ListReports = Handler<typeof ModerationServiceDefinition.methods.listReports>;

export const listReports =
  ({ models }: Context): ListReports =>
  async ({ state: wanted, pageSize, pageToken }) => {
    const state = reportStateOf(wanted);
    const size = pageSizeOf(pageSize);
    const rows = await list(models, state, readTimeToken(pageToken, [state]), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, (row) => [row.createTime.toISOString(), row._id], [state]);
    return { reports: await Promise.all(items.map((report) => readReport(models, report))), nextPageToken };
  };
