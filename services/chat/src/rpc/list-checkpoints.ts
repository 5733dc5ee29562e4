import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, pageOf, pageSizeOf } from '@moa/kit';
import { checkpointToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { listCheckpoints as list } from '../store/checkpoints.js';
import { readNumberToken } from '../store/number-token.js';
import { findRoom } from '../store/rooms.js';

type ListCheckpoints = Handler<typeof ArchiveServiceDefinition.methods.listCheckpoints>;

export const listCheckpoints =
  ({ models }: Context): ListCheckpoints =>
  async ({ roomId, pageSize, pageToken }) => {
    await findRoom(models, roomId);
    const size = pageSizeOf(pageSize);
    const rows = await list(models, roomId, readNumberToken(pageToken, [roomId]) ?? Number.MAX_SAFE_INTEGER, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ number }) => [String(number)], [roomId]);
    return { checkpoints: items.map(({ checkpoint }) => checkpointToProto(checkpoint)), nextPageToken };
  };
