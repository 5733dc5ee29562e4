import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { createAccount } from '../store/accounts.js';

type SignUp = Handler<typeof AuthServiceDefinition.methods.signUp>;

// The address itself makes a repeated sign-up harmless: the first stays. Nothing of the answer says which one this was, nor how long it
// took: the password is hashed and a row written either way.
export const signUp =
  ({ db, passwords }: Context): SignUp =>
  async ({ email, password }, call) => {
    const passwordHash = await passwords.hash(password, call.signal);
    await createAccount(db, call, { email, passwordHash, roles: ['USER'] });
    return {};
  };
