import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { keyToProto } from '../convert.js';
import type { Context } from '../service.js';

type GetJwks = Handler<typeof AuthServiceDefinition.methods.getJwks>;

export const getJwks =
  ({ keyring }: Context): GetJwks =>
  async (_, call) => ({ keys: (await keyring.publishedKeys(call.at)).map(keyToProto) });
