import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { pemOf } from '@moa/verify';
import type { Context } from '../service.js';

type ListSigningKeys = Handler<typeof ArchiveServiceDefinition.methods.listSigningKeys>;

export const listSigningKeys =
  ({ signing }: Context): ListSigningKeys =>
  async () => ({ keys: [...signing.keys].map(([keyId, key]) => ({ keyId, pem: pemOf(key) })) });
