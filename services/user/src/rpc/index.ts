import type { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { getMyPage } from './get-my-page.js';
import { getProfile } from './get-profile.js';
import { updateProfile } from './update-profile.js';

export const userService = (context: Context): Implementation<typeof UserServiceDefinition> => ({
  getProfile: getProfile(context),
  updateProfile: updateProfile(context),
  getMyPage: getMyPage(context),
});
