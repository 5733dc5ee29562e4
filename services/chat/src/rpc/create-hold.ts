import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, requestIdOf } from '@moa/kit';
import { holdToProto, reachOf } from '../convert-archive.js';
import { expectReach } from '../domain/hold.js';
import type { Context } from '../service.js';
import { createHold as create } from '../store/holds.js';

type CreateHold = Handler<typeof ArchiveServiceDefinition.methods.createHold>;

export const createHold =
  ({ db, models, clock }: Context): CreateHold =>
  async ({ requestId, cause, ...fields }, { caller, at, trace }) => {
    const reach = reachOf(fields);
    expectReach(reach);
    const { caseId, purpose } = cause!;
    const wish = { id: requestIdOf(`hold ${caller.accountId} ${requestId}`), caseId, purpose, creatorId: caller.accountId, reach };
    const hold = await create(models, wish, { at, trace }, () => clock.now());
    db.wakeRelay();
    return { hold: holdToProto(hold) };
  };
