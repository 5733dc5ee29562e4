import { pageOf, readTimeToken } from '@moa/kit';
import type { Models, RoomDocument } from './models.js';
import { listRooms } from './rooms.js';

interface RoomPage {
  readonly items: RoomDocument[];
  readonly nextPageToken: string;
}

/** Rooms, or some of them, with the newest talk first. */
export async function pageOfRooms(
  models: Models,
  among: readonly string[] | undefined,
  size: number,
  pageToken: string,
): Promise<RoomPage> {
  const rows = await listRooms(models, among, readTimeToken(pageToken, []), size + 1);
  return pageOf(rows, size, ({ talkTime, _id }) => [talkTime.toISOString(), _id]);
}
