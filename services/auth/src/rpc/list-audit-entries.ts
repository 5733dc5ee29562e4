import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { type Handler, kitFail, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { auditEntryToProto } from '../convert.js';
import type { Context } from '../service.js';
import { type AuditPosition, listAuditEntries as readEntries } from '../store/audit.js';

type ListAuditEntries = Handler<typeof AccountAdminServiceDefinition.methods.listAuditEntries>;

export const listAuditEntries =
  ({ db }: Context): ListAuditEntries =>
  async ({ subject, actor, fromTime, toTime, pageSize, pageToken }) => {
    const filter = [subject, actor, fromTime?.toISOString(), toTime?.toISOString()];
    const size = pageSizeOf(pageSize);
    const after = positionOf(readPageToken(pageToken, filter));
    const rows = await readEntries(db, { subject, actor, fromTime, toTime }, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ createTime, id }) => [createTime.toISOString(), String(id)], filter);
    return { entries: items.map(auditEntryToProto), nextPageToken };
  };

const ENTRY_ID = /^[0-9]{1,18}$/;

// A token is opaque, not signed: it may have been made up.
function positionOf(keys: readonly string[] | undefined): AuditPosition | undefined {
  if (!keys) return undefined;
  const [time = '', id = ''] = keys;
  const createTime = new Date(time);
  if (Number.isNaN(createTime.getTime()) || !ENTRY_ID.test(id)) throw kitFail('PAGE_TOKEN_INVALID');
  return { createTime, id: BigInt(id) };
}
