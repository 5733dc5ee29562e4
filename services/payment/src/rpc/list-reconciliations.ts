import type { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { reportToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listReports } from '../store/reconciliations.js';

type ListReconciliations = Handler<typeof ReconciliationServiceDefinition.methods.listReconciliations>;

export const listReconciliations =
  ({ db }: Context): ListReconciliations =>
  async ({ pageSize, pageToken }) => {
    const filter = ['reconciliations'];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const { items, nextPageToken } = pageOf(await listReports(db.client, after, size + 1), size, ({ id }) => [id], filter);
    return { reconciliations: items.map(reportToProto), nextPageToken };
  };
