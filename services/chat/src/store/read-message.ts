import type { Message } from '@moa/contracts/chat/v1/chat';
import { messageToProto } from '../convert.js';
import { findMessage } from './entries.js';
import { membersOf } from './members.js';
import type { Models } from './models.js';

/** A message as readers see it now. */
export async function readMessage(models: Models, roomId: string, sequence: number): Promise<Message> {
  const told = await findMessage(models, roomId, sequence);
  return messageToProto(told, await membersOf(models, roomId, [told.message.authorId]));
}
