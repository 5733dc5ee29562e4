import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { policyToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { readPolicy } from '../store/policy.js';

type GetRetentionPolicy = Handler<typeof ArchiveServiceDefinition.methods.getRetentionPolicy>;

export const getRetentionPolicy =
  ({ models }: Context): GetRetentionPolicy =>
  async () => ({ policy: policyToProto(await readPolicy(models)) });
