import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { CloseAccountResponse, type UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { emit, type Handler, once } from '@moa/kit';
import { keptToProto } from '../convert-my-page.js';
import { checkClosable, keptOf } from '../domain/closing.js';
import type { Context } from '../service.js';
import { eraseProfile, findBusiness } from '../store/closing.js';
import { forfeitPoints } from '../store/points.js';

type CloseAccount = Handler<typeof UserServiceDefinition.methods.closeAccount>;

export const closeAccount =
  ({ db }: Context): CloseAccount =>
  (_, call) => {
    const { accountId, roles } = call.caller;
    return once(db, call, CloseAccountResponse, async (tx) => {
      const business = await findBusiness(tx, accountId);
      checkClosable(roles, business);
      const version = await eraseProfile(tx, accountId, call.at);
      if (version !== undefined) {
        await forfeitPoints(tx, call, accountId);
        await emit(tx, call, AccountClosed, { accountId, closeTime: call.at }, { version });
      }
      return { kept: keptOf(business).map(keptToProto) };
    });
  };
