import { type MyPageAdminServiceDefinition, RebuildMyPageResponse } from '@moa/contracts/user/v1/my_page_admin_service';
import { type Handler, once } from '@moa/kit';
import { rebuildToProto } from '../convert-my-page.js';
import type { Context } from '../service.js';
import { startRebuild } from '../store/rebuilds.js';

type RebuildMyPage = Handler<typeof MyPageAdminServiceDefinition.methods.rebuildMyPage>;

export const rebuildMyPage =
  ({ db }: Context): RebuildMyPage =>
  (_, call) =>
    once(db, call, RebuildMyPageResponse, async (tx) => ({ rebuild: rebuildToProto(await startRebuild(tx, call)) }));
