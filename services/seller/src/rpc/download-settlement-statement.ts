import { DownloadSettlementStatementRequest_Format, type StatementServiceDefinition } from '@moa/contracts/seller/v1/statement_service';
import type { Handler } from '@moa/kit';
import { figuresOf, lineOf } from '../convert-statement.js';
import { csv, page } from '../domain/statement.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findTitle } from '../store/project-copies.js';
import { findSeller } from '../store/sellers.js';

type DownloadSettlementStatement = Handler<typeof StatementServiceDefinition.methods.downloadSettlementStatement>;

const LINES_A_PIECE = 1_000;

export const downloadSettlementStatement = ({ db, payment, bankAccountKey }: Context): DownloadSettlementStatement =>
  async function* ({ settlementId, format }, call) {
    const writer = format === DownloadSettlementStatementRequest_Format.FORMAT_CSV ? csv : page;
    const sellerId = call.caller.accountId;
    const request = { settlementId, sellerId, pageSize: LINES_A_PIECE };
    const first = await payment.getStatement({ ...request, pageToken: '' }, call);
    const seller = await findSeller(db, bankAccountKey, sellerId);
    if (!seller) throw fail('SELLER_NOT_FOUND');
    const { projectId } = first.settlement!;
    const figures = figuresOf(first.settlement!, seller, projectId && (await findTitle(db, projectId)));
    const write = ({ lines }: typeof first) => lines.map((line) => writer.line(lineOf(line), figures.currency)).join('');
    yield {
      data: Buffer.from(writer.start(figures) + write(first)),
      fileName: `statement-${settlementId}.${writer.extension}`,
      mediaType: writer.mediaType,
    };
    for (let { nextPageToken } = first; nextPageToken !== ''; ) {
      const next = await payment.getStatement({ ...request, pageToken: nextPageToken }, call);
      yield { data: Buffer.from(write(next)), fileName: '', mediaType: '' };
      nextPageToken = next.nextPageToken;
    }
    yield { data: Buffer.from(writer.end()), fileName: '', mediaType: '' };
  };
