import type { MyPageAdminServiceDefinition } from '@moa/contracts/user/v1/my_page_admin_service';
import type { Handler } from '@moa/kit';
import { rebuildToProto } from '../convert-my-page.js';
import type { Context } from '../service.js';
import { findRebuild } from '../store/rebuilds.js';

type GetRebuild = Handler<typeof MyPageAdminServiceDefinition.methods.getRebuild>;

export const getRebuild =
  ({ db }: Context): GetRebuild =>
  async ({ id }) => ({ rebuild: rebuildToProto(await findRebuild(db.client, id)) });
