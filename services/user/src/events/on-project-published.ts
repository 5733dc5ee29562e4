import { ProjectPublished } from '@moa/contracts/funding/v1/funding_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { saveProject } from '../store/pledge-copies.js';

export const onProjectPublished = on<ProjectPublished, PrismaClient>(ProjectPublished, ({ projectId, title }, tx, { version }) =>
  saveProject(tx, { id: projectId, title, version }),
);
