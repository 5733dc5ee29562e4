// What was said in the rooms, as somebody reads it who comes later.
import type { Moa } from '@moa/client/node';
import type { Talk } from '../chapters/talk.js';
import { type Finding, noneOf } from './check.js';

/** Everything that was said is there once, in logs without a gap; what was taken back is not to be seen. */
export async function lookAtTalk({ chat }: Pick<Moa, 'chat'>, { said, takenBack }: Talk): Promise<Finding & { says: string }> {
  const broken: string[] = [];
  const rooms = new Set(said.map(({ roomId }) => roomId));
  for (const roomId of rooms) {
    const { room } = await chat.getRoom({ id: roomId });
    const shown = new Map<bigint, string>();
    let last = 0n;
    for await (const { entry } of chat.streamMessages({ roomId })) {
      if (!entry) continue;
      if (entry.sequence !== last + 1n) broken.push(`after ${last} comes ${entry.sequence}`);
      last = entry.sequence;
      if (entry.content) shown.set(entry.target || entry.sequence, entry.content.text);
      if (last === room!.lastSequence) break;
    }
    for (const { sequence, text } of said.filter((each) => each.roomId === roomId))
      if (shown.get(sequence) !== text) broken.push(`${sequence} is not "${text}"`);
    if (takenBack.roomId === roomId && shown.has(takenBack.sequence)) broken.push('what was taken back can be read');
  }
  return { says: 'what was said in the rooms is there once, in order', ...noneOf(broken, `${said.length} messages, ${rooms.size} rooms`) };
}
