import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { archivedToProto } from '../convert-archive.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { entriesBetween, withState } from '../store/archive-entries.js';

type GetMessageContext = Handler<typeof ArchiveServiceDefinition.methods.getMessageContext>;

const COUNT = 5;

export const getMessageContext =
  ({ models }: Context): GetMessageContext =>
  async ({ roomId, sequence, count }) => {
    const middle = Number(sequence);
    const around = count || COUNT;
    const entries = await entriesBetween(models, roomId, middle - around, middle + around);
    if (!entries.some((entry) => entry.sequence === middle)) throw fail('ENTRY_NOT_FOUND', { sequence: middle });
    return { entries: (await withState(models, entries)).map(archivedToProto) };
  };
