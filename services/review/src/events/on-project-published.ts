import { ProjectPublished } from '@moa/contracts/funding/v1/funding_events';
import { on } from '@moa/kit';
import type { Models } from '../store/models.js';
import { saveSeller } from '../store/rights.js';

export const onProjectPublished = on<ProjectPublished, Models>(ProjectPublished, ({ projectId, sellerId }, models) =>
  saveSeller(models, projectId, sellerId),
);
