import type { VerificationServiceDefinition } from '@moa/contracts/seller/v1/verification_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { verificationToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listVerifications as readVerifications } from '../store/verifications.js';

type ListVerifications = Handler<typeof VerificationServiceDefinition.methods.listVerifications>;

export const listVerifications =
  ({ db }: Context): ListVerifications =>
  async ({ sellerId, pageSize, pageToken }) => {
    const filter = ['verifications', sellerId ?? ''];
    const size = pageSizeOf(pageSize);
    const after = readTimeToken(pageToken, filter);
    const rows = await readVerifications(db, { sellerId, after, limit: size + 1 });
    const { items, nextPageToken } = pageOf(rows, size, ({ submitTime, id }) => [submitTime.toISOString(), id], filter);
    return { verifications: items.map(verificationToProto), nextPageToken };
  };
