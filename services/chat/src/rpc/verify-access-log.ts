import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { checkRecords } from '../store/access-log.js';

type VerifyAccessLog = Handler<typeof ArchiveServiceDefinition.methods.verifyAccessLog>;

export const verifyAccessLog =
  ({ models }: Context): VerifyAccessLog =>
  async () => {
    const { count, head, broken } = await checkRecords(models);
    return {
      recordCount: BigInt(count),
      intact: !broken,
      brokenSequence: BigInt(broken?.sequence ?? 0),
      detail: broken?.detail ?? '',
      head: Buffer.from(head, 'hex'),
    };
  };
