// Reads a room's whole log and says what is wrong, as it goes on.
import { type Fault, roomCheck } from '../domain/check.js';
import { storedAfter } from '../store/archive-entries.js';
import { allCheckpoints } from '../store/checkpoints.js';
import { allHolds } from '../store/holds.js';
import type { Models, RoomDocument } from '../store/models.js';
import type { Signing } from './signing.js';

const BATCH = 500;

export interface Progress {
  readonly entries: number;
  readonly checkpoints: number;
  readonly purged: number;
  /** New since the last. */
  readonly faults: readonly Fault[];
  readonly isDone: boolean;
}

export async function* verifyRoom(models: Models, { keys }: Signing, room: RoomDocument): AsyncGenerator<Progress> {
  // Before the entries: what was added since is checked too, and nothing is missed that a checkpoint covers.
  const [checkpoints, holds] = await Promise.all([allCheckpoints(models, room._id), allHolds(models)]);
  const { _id: roomId, projectId, lastSequence } = room;
  const check = roomCheck({ roomId, projectId, lastSequence, checkpoints, keys, holds });
  const progress = (faults: readonly Fault[], isDone: boolean): Progress => ({
    entries: count,
    checkpoints: checkpoints.length,
    purged: check.purged,
    faults,
    isDone,
  });
  let count = 0;
  let faults: readonly Fault[] = check.checkpoints();
  for (let last = 0; ; ) {
    const batch = await storedAfter(models, roomId, last, BATCH);
    count += batch.length;
    faults = [...faults, ...batch.flatMap((entry) => check.entry(entry))];
    if (batch.length < BATCH) return yield progress([...faults, ...check.end()], true);
    yield progress(faults, false);
    faults = [];
    last = batch.at(-1)!.sequence;
  }
}
