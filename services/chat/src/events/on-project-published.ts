import { ProjectPublished } from '@moa/contracts/funding/v1/funding_events';
import { on } from '@moa/kit';
import type { Models } from '../store/models.js';
import { openRoom } from '../store/rooms.js';

export const onProjectPublished = on<ProjectPublished, Models>(ProjectPublished, ({ projectId, sellerId, title }, models, info) =>
  openRoom(models, info, { projectId, sellerId, title }),
);
