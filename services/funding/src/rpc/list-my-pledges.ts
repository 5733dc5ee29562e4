import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listPledgesOfBacker } from '../store/pledges.js';

type ListMyPledges = Handler<typeof PledgeServiceDefinition.methods.listMyPledges>;

export const listMyPledges =
  ({ db }: Context): ListMyPledges =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = ['backer', caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listPledgesOfBacker(db.client, caller.accountId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { pledges: items.map(pledgeToProto), nextPageToken };
  };
