import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { capturePoints } from './capture-points.js';
import { getPointBalance } from './get-point-balance.js';
import { grantPoints } from './grant-points.js';
import { holdPoints } from './hold-points.js';
import { listPointEntries } from './list-point-entries.js';
import { listPointLots } from './list-point-lots.js';
import { releasePoints } from './release-points.js';
import { returnPoints } from './return-points.js';

export const pointService = (context: Context): Implementation<typeof PointServiceDefinition> => ({
  getPointBalance: getPointBalance(context),
  listPointEntries: listPointEntries(context),
  listPointLots: listPointLots(context),
  grantPoints: grantPoints(context),
  holdPoints: holdPoints(context),
  capturePoints: capturePoints(context),
  releasePoints: releasePoints(context),
  returnPoints: returnPoints(context),
});
