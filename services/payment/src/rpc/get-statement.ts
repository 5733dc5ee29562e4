import type { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { type Handler, pageOf, readPageToken } from '@moa/kit';
import { lineToProto, settlementToProto } from '../convert-settlement.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findSettlement, listStatementLines } from '../store/settlements.js';

const LINES_A_PAGE = 1_000;

type GetStatement = Handler<typeof SettlementServiceDefinition.methods.getStatement>;

export const getStatement =
  ({ db }: Context): GetStatement =>
  async ({ settlementId, sellerId, pageSize, pageToken }) => {
    const settlement = await findSettlement(db.client, settlementId);
    if (settlement?.sellerId !== sellerId) throw fail('SETTLEMENT_NOT_FOUND');
    const filter = ['statement', settlementId];
    const size = pageSize || LINES_A_PAGE;
    const [after = '0'] = readPageToken(pageToken, filter, ['number']) ?? [];
    const rows = await listStatementLines(db, settlement, BigInt(after), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ transactionId }) => [String(transactionId)], filter);
    return { settlement: settlementToProto(settlement), lines: items.map((line) => lineToProto(line, settlement.currency)), nextPageToken };
  };
