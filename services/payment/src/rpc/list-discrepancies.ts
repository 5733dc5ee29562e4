import type { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { discrepancyToProto, kindFromProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findReport, listDiscrepancies as readDiscrepancies } from '../store/reconciliations.js';

type ListDiscrepancies = Handler<typeof ReconciliationServiceDefinition.methods.listDiscrepancies>;

export const listDiscrepancies =
  ({ db }: Context): ListDiscrepancies =>
  async ({ reconciliationId, kind, pageSize, pageToken }) => {
    const report = await findReport(db.client, reconciliationId);
    if (!report) throw fail('RECONCILIATION_NOT_FOUND', { id: reconciliationId });
    // What it has seen once may be money on its way.
    if (report.endTime === null) throw fail('RECONCILIATION_RUNNING', { id: reconciliationId }, { retryAfterMs: RETRY_MS });
    const filter = ['discrepancies', reconciliationId, kind];
    const size = pageSizeOf(pageSize);
    const after = readPageToken(pageToken, filter, ['text', 'text']);
    const rows = await readDiscrepancies(db, reconciliationId, kindFromProto(kind), after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, (row) => [row.kind, row.subject], filter);
    return { discrepancies: items.map(discrepancyToProto), nextPageToken };
  };

const RETRY_MS = 5_000;
