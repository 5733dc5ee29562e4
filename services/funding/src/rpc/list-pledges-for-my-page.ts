import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import type { Handler } from '@moa/kit';
import { money } from '../convert.js';
import type { Context } from '../service.js';
import { listPledgesForMyPage as read } from '../store/pledges.js';

type ListPledgesForMyPage = Handler<typeof PledgeServiceDefinition.methods.listPledgesForMyPage>;

const PAGE = 1_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export const listPledgesForMyPage =
  ({ db }: Context): ListPledgesForMyPage =>
  async ({ afterId }) => {
    const rows = await read(db.client, afterId || FIRST_ID, PAGE);
    const pledges = rows.map(({ state, currency, totalMinor, deliveryTime, ...pledge }) => ({
      ...pledge,
      state: Pledge_State[`STATE_${state}`],
      total: money(currency, totalMinor),
      deliveryTime: deliveryTime ?? undefined,
    }));
    return { pledges };
  };
