import type { LedgerServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { type Handler, invalid, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { z } from 'zod';
import { accountFromProto, entryToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listEntries as readEntries } from '../store/ledger.js';

type ListEntries = Handler<typeof LedgerServiceDefinition.methods.listEntries>;

const idShape = z.guid();

export const listEntries =
  ({ db }: Context): ListEntries =>
  async ({ account, ownerId, currencyCode, paymentId, pageSize, pageToken }) => {
    // The contract lets them be empty, and has no word for "empty or a UUID".
    const wrong = Object.entries({ owner_id: ownerId, payment_id: paymentId }).filter(([, id]) => id && !idShape.safeParse(id).success);
    if (wrong.length > 0) throw invalid(wrong.map(([field]) => ({ field, description: 'must be a UUID' })));
    const filter = ['entries', account, ownerId, currencyCode, paymentId];
    const size = pageSizeOf(pageSize);
    const [before] = readPageToken(pageToken, filter, ['number']) ?? [];
    const wanted = {
      account: accountFromProto(account),
      currency: currencyCode,
      ownerId: ownerId || undefined,
      paymentId: paymentId || undefined,
    };
    const rows = await readEntries(db, wanted, before === undefined ? undefined : BigInt(before), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [String(id)], filter);
    return { entries: items.map(entryToProto), nextPageToken };
  };
