import type { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { activityToProto } from '../convert-my-page.js';
import type { Context } from '../service.js';
import { listActivities } from '../store/activities.js';

type ListMyActivity = Handler<typeof UserServiceDefinition.methods.listMyActivity>;

export const listMyActivity =
  ({ db }: Context): ListMyActivity =>
  async ({ pageSize, pageToken }, { caller }) => {
    const filter = ['activity', caller.accountId];
    const size = pageSizeOf(pageSize);
    // What is of points has a number for its id.
    const last = readPageToken(pageToken, filter, ['time', 'text']);
    const before = last && { time: new Date(last[0]), id: last[1] };
    const rows = await listActivities(db, caller.accountId, before, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ time, subjectId }) => [time.toISOString(), subjectId], filter);
    return { activities: items.map(activityToProto), nextPageToken };
  };
