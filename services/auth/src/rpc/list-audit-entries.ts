import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { auditEntryToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listAuditEntries as readEntries } from '../store/audit.js';

type ListAuditEntries = Handler<typeof AccountAdminServiceDefinition.methods.listAuditEntries>;

export const listAuditEntries =
  ({ db }: Context): ListAuditEntries =>
  async ({ subject, actor, fromTime, toTime, pageSize, pageToken }) => {
    const filter = [subject, actor, fromTime?.toISOString(), toTime?.toISOString()];
    const size = pageSizeOf(pageSize);
    const last = readPageToken(pageToken, filter, ['time', 'number']);
    const after = last && { createTime: new Date(last[0]), id: BigInt(last[1]) };
    const rows = await readEntries(db, { subject, actor, fromTime, toTime }, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ createTime, id }) => [createTime.toISOString(), String(id)], filter);
    return { entries: items.map(auditEntryToProto), nextPageToken };
  };
