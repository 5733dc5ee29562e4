import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { roomToProto } from '../convert.js';
import type { Context } from '../service.js';
import { setRoomState } from '../store/rooms.js';

type UnfreezeRoom = Handler<typeof ModerationServiceDefinition.methods.unfreezeRoom>;

export const unfreezeRoom =
  ({ models }: Context): UnfreezeRoom =>
  async ({ roomId }) => ({ room: roomToProto(await setRoomState(models, roomId, 'OPEN')) });
