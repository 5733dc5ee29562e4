import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { faultToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { findRoom } from '../store/rooms.js';
import { verifyRoom as verify } from '../work/verify-room.js';

type VerifyRoom = Handler<typeof ArchiveServiceDefinition.methods.verifyRoom>;

const MOST_FAULTS = 100;

export const verifyRoom = ({ models, signing }: Context): VerifyRoom =>
  async function* ({ roomId }, { signal }) {
    let told = 0;
    for await (const { entries, checkpoints, purged, faults, isDone } of verify(models, signing, await findRoom(models, roomId))) {
      if (signal.aborted) return;
      const shown = faults.slice(0, MOST_FAULTS - told);
      told += shown.length;
      yield {
        entryCount: BigInt(entries),
        checkpointCount: BigInt(checkpoints),
        purgedCount: BigInt(purged),
        faults: shown.map(faultToProto),
        done: isDone,
        intact: isDone && told === 0,
      };
    }
  };
