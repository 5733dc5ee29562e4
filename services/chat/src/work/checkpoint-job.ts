import type { Host, JobRun } from '@moa/kit';
import type { Models } from '../store/models.js';
import { allRoomIds } from '../store/rooms.js';
import { checkpointRoom } from './checkpoint-room.js';
import type { Signing } from './signing.js';

/** A checkpoint for each room that grew. A room whose log is broken is told, and does not stop the others. */
export async function checkpointAll(models: Models, { signer }: Signing, log: Host['log'], { at, signal }: Pick<JobRun, 'at' | 'signal'>) {
  for await (const roomId of allRoomIds(models)) {
    if (signal.aborted) return;
    await checkpointRoom(models, signer, roomId, at).catch((error: unknown) => log.error({ roomId, err: error }, 'no checkpoint was made'));
  }
}
