import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { releasePoints as giveUp } from '../store/points.js';

type ReleasePoints = Handler<typeof PointServiceDefinition.methods.releasePoints>;

export const releasePoints =
  ({ db }: Context): ReleasePoints =>
  async ({ holderId }, call) => {
    await giveUp(db, call, holderId);
    return {};
  };
