import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { archivedToProto, checkpointToProto } from '../convert-archive.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { entriesBetween, withState } from '../store/archive-entries.js';
import { checkpointOfSize, newestCheckpoint } from '../store/checkpoints.js';
import { checkpointRoom, treeOfRoom } from '../work/checkpoint-room.js';

type GetProof = Handler<typeof ArchiveServiceDefinition.methods.getProof>;

export const getProof =
  ({ models, signing }: Context): GetProof =>
  async ({ roomId, sequence: wanted, earlierSize }, { at }) => {
    const sequence = Number(wanted);
    const [item] = await withState(models, await entriesBetween(models, roomId, sequence, sequence));
    if (!item) throw fail('ENTRY_NOT_FOUND', { sequence });
    const newest = (await newestCheckpoint(models, roomId))?.checkpoint;
    const checkpoint = newest && newest.size >= sequence ? newest : (await checkpointRoom(models, signing.signer, roomId, at))!;
    const tree = await treeOfRoom(models, roomId, checkpoint.size);
    const earlier = earlierSize > 0n ? await checkpointOfSize(models, roomId, Number(earlierSize)) : undefined;
    if (earlierSize > 0n && !earlier) throw fail('CHECKPOINT_NOT_FOUND', { size: Number(earlierSize) });
    return {
      entry: archivedToProto(item),
      checkpoint: checkpointToProto(checkpoint),
      inclusion: tree.inclusion(sequence - 1),
      earlier: earlier && checkpointToProto(earlier),
      consistency: earlier ? tree.consistency(earlier.size) : [],
    };
  };
