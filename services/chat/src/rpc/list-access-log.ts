import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, pageOf, pageSizeOf } from '@moa/kit';
import { recordToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { listRecords } from '../store/access-log.js';
import { readNumberToken } from '../store/number-token.js';

type ListAccessLog = Handler<typeof ArchiveServiceDefinition.methods.listAccessLog>;

export const listAccessLog =
  ({ models }: Context): ListAccessLog =>
  async ({ accountId, caseId, pageSize, pageToken }) => {
    const filter = [accountId, caseId];
    const size = pageSizeOf(pageSize);
    const wanted = { accountId: accountId || undefined, caseId: caseId || undefined };
    const rows = await listRecords(models, wanted, readNumberToken(pageToken, filter), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ sequence }) => [String(sequence)], filter);
    return { records: items.map(recordToProto), nextPageToken };
  };
