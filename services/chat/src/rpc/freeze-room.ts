import type { ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Handler } from '@moa/kit';
import { roomToProto } from '../convert.js';
import type { Context } from '../service.js';
import { setRoomState } from '../store/rooms.js';

type FreezeRoom = Handler<typeof ModerationServiceDefinition.methods.freezeRoom>;

export const freezeRoom =
  ({ models }: Context): FreezeRoom =>
  async ({ roomId }) => ({ room: roomToProto(await setRoomState(models, roomId, 'FROZEN')) });
