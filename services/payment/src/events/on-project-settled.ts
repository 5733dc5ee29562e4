import { ProjectSettled } from '@moa/contracts/funding/v1/funding_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { noteSettledProject } from '../store/settlements.js';

export const onProjectSettled = on<ProjectSettled, PrismaClient>(ProjectSettled, ({ projectId, sellerId }, tx, { time }) =>
  noteSettledProject(tx, projectId, sellerId, time),
);
