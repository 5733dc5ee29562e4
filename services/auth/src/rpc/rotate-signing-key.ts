import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import type { Handler } from '@moa/kit';
import { keyToProto } from '../convert.js';
import type { Context } from '../service.js';
import { rotateSigningKey as addNextKey } from '../store/signing-keys.js';

type RotateSigningKey = Handler<typeof AccountAdminServiceDefinition.methods.rotateSigningKey>;

export const rotateSigningKey =
  ({ db, keyring }: Context): RotateSigningKey =>
  async (_, call) => {
    const key = await addNextKey(db, call, await keyring.newKey());
    keyring.forget();
    return { key: keyToProto(key) };
  };
