import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { holdPoints as setAside } from '../store/points.js';

type HoldPoints = Handler<typeof PointServiceDefinition.methods.holdPoints>;

// The holder is what makes it happen once, and for ever: the request's id is not needed.
export const holdPoints =
  ({ db }: Context): HoldPoints =>
  async ({ holderId, accountId, amountMinor, expireTime }, call) => {
    await setAside(db, call, { holderId, accountId, amountMinor, expireTime });
    return {};
  };
