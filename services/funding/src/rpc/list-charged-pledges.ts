import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import type { Handler } from '@moa/kit';
import { money } from '../convert.js';
import type { Context } from '../service.js';
import { listChargedPledges as readChargedPledges } from '../store/pledges.js';

type ListChargedPledges = Handler<typeof PledgeServiceDefinition.methods.listChargedPledges>;

const PAGE = 1_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export const listChargedPledges =
  ({ db }: Context): ListChargedPledges =>
  async ({ afterId }) => {
    const rows = await readChargedPledges(db.client, afterId || FIRST_ID, PAGE);
    return { pledges: rows.map(({ id, currency, heldMinor }) => ({ id, held: money(currency, heldMinor) })) };
  };
