import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';

type WatchProject = Handler<typeof ProjectServiceDefinition.methods.watchProject>;

export const watchProject =
  ({ progress }: Context): WatchProject =>
  ({ id }, { signal }) =>
    progress.watch(id, signal);
