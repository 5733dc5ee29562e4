import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { capturePoints as spend } from '../store/points.js';

type CapturePoints = Handler<typeof PointServiceDefinition.methods.capturePoints>;

export const capturePoints =
  ({ db }: Context): CapturePoints =>
  async ({ holderId }, call) => ({ spentMinor: await spend(db, call, holderId) });
