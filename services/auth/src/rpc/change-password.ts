import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { checkPassword } from '../check-password.js';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { changePassword as setPassword } from '../store/addresses.js';

type ChangePassword = Handler<typeof AuthServiceDefinition.methods.changePassword>;

export const changePassword =
  (context: Context): ChangePassword =>
  async ({ currentPassword, newPassword }, call) => {
    const { db, passwords, sealMail, wakeMail } = context;
    const { accountId } = call.caller;
    await checkPassword(context, call, accountId, currentPassword);
    const passwordHash = await passwords.hash(newPassword, call.signal);
    await setPassword(db, call, passwordHash, sealMail(await findEmail(db, accountId), { kind: 'PASSWORD_CHANGED' }));
    wakeMail();
    return {};
  };
