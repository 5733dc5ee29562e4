import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { returnPoints as giveBack } from '../store/points.js';

type ReturnPoints = Handler<typeof PointServiceDefinition.methods.returnPoints>;

export const returnPoints =
  ({ db }: Context): ReturnPoints =>
  async ({ requestId, holderId, amountMinor }, call) => {
    await giveBack(db, call, { requestId, holderId, amountMinor });
    return {};
  };
