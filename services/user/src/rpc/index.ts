import type { MyPageAdminServiceDefinition } from '@moa/contracts/user/v1/my_page_admin_service';
import type { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { closeAccount } from './close-account.js';
import { getMyPage } from './get-my-page.js';
import { getProfile } from './get-profile.js';
import { getRebuild } from './get-rebuild.js';
import { listMyActivity } from './list-my-activity.js';
import { rebuildMyPage } from './rebuild-my-page.js';
import { updateProfile } from './update-profile.js';

export const userService = (context: Context): Implementation<typeof UserServiceDefinition> => ({
  getProfile: getProfile(context),
  updateProfile: updateProfile(context),
  getMyPage: getMyPage(context),
  listMyActivity: listMyActivity(context),
  closeAccount: closeAccount(context),
});

export const myPageAdminService = (context: Context): Implementation<typeof MyPageAdminServiceDefinition> => ({
  rebuildMyPage: rebuildMyPage(context),
  getRebuild: getRebuild(context),
});
