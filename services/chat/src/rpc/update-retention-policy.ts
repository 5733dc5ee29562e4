import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { policyToProto } from '../convert-archive.js';
import { expectLawful } from '../domain/retention.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { changePolicy } from '../store/policy.js';

type UpdateRetentionPolicy = Handler<typeof ArchiveServiceDefinition.methods.updateRetentionPolicy>;

export const updateRetentionPolicy =
  ({ models }: Context): UpdateRetentionPolicy =>
  async ({ days, projects, etag }) => {
    expectLawful({ days, projects });
    if (!/^\d{1,15}$/.test(etag)) throw fail('POLICY_CHANGED');
    return { policy: policyToProto(await changePolicy(models, { version: Number(etag), days, projects })) };
  };
