import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import type { Handler } from '@moa/kit';
import { balanceToProto } from '../convert-points.js';
import { expiringHorizon } from '../domain/points.js';
import type { Context } from '../service.js';
import { findBalance } from '../store/point-lists.js';

type GetPointBalance = Handler<typeof PointServiceDefinition.methods.getPointBalance>;

export const getPointBalance =
  ({ db }: Context): GetPointBalance =>
  async (_, { caller, at }) => ({ balance: balanceToProto(await findBalance(db, caller.accountId, at, expiringHorizon(at))) });
