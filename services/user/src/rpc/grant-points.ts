import type { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import type { Handler } from '@moa/kit';
import { entryToProto } from '../convert-points.js';
import { expireTimeOf } from '../domain/points.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { grantPoints as giveGrant } from '../store/points.js';

type GrantPoints = Handler<typeof PointServiceDefinition.methods.grantPoints>;

export const grantPoints =
  ({ db, accounts }: Context): GrantPoints =>
  async ({ accountId, amountMinor, reason, expireTime }, call) => {
    if (expireTime && expireTime <= call.at) throw fail('EXPIRE_TIME_PAST');
    // Only auth knows whether there is such an account.
    await accounts.getEmail({ accountId }, call);
    const entry = await giveGrant(db, call, { accountId, amountMinor, reason, expireTime: expireTime ?? expireTimeOf(call.at) });
    return { entry: entryToProto(entry) };
  };
