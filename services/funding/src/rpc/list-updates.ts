import type { UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { updateToProto } from '../convert.js';
import { isInsider, visibleTo } from '../domain/project.js';
import { shownTo, type Update } from '../domain/update.js';
import type { Context } from '../service.js';
import { findProject } from '../store/projects.js';
import { isBacker, listUpdatesOf } from '../store/updates.js';

type ListUpdates = Handler<typeof UpdateServiceDefinition.methods.listUpdates>;

// A page of long ones holds fewer than were asked for: a message may have 1 MiB.
const PAGE_BYTES = 768 << 10;

export const listUpdates =
  ({ db }: Context): ListUpdates =>
  async ({ projectId, pageSize, pageToken }, { person }) => {
    const project = visibleTo(person, await findProject(db.client, projectId));
    const filter = ['updates', projectId];
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listUpdatesOf(db.client, projectId, after, pageSizeOf(pageSize) + 1);
    const size = Math.min(pageSizeOf(pageSize), countThatFit(rows));
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    // Pledges are asked for only where it makes a difference.
    const readsAll =
      isInsider(person, project) ||
      (person !== undefined && items.some(({ backersOnly }) => backersOnly) && (await isBacker(db.client, projectId, person.accountId)));
    return { updates: items.map((update) => updateToProto(shownTo(readsAll, update))), nextPageToken };
  };

function countThatFit(updates: readonly Update[]): number {
  let bytes = 0;
  const tooMany = updates.findIndex(({ body, imageUrls }) => {
    bytes += Buffer.byteLength(body) + imageUrls.join('').length;
    return bytes > PAGE_BYTES;
  });
  return tooMany === -1 ? updates.length : Math.max(tooMany, 1);
}
