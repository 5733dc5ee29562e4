import type { CouponAdminServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, pageOf, readPageToken } from '@moa/kit';
import { readableCode } from '../domain/code.js';
import type { Context } from '../service.js';
import { findCampaign } from '../store/campaigns.js';
import { listCodes as list } from '../store/issue.js';

type ListCodes = Handler<typeof CouponAdminServiceDefinition.methods.listCodes>;

const USUAL_SIZE = 1000;

export const listCodes =
  ({ db }: Context): ListCodes =>
  async ({ campaignId, pageSize, pageToken }) => {
    await findCampaign(db.client, campaignId);
    const size = pageSize || USUAL_SIZE;
    const [after] = readPageToken(pageToken, [campaignId], ['number']) ?? ['0'];
    const rows = await list(db.client, campaignId, BigInt(after!), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ position }) => [String(position)], [campaignId]);
    return { codes: items.map(({ code }) => readableCode(code)), nextPageToken };
  };
