import { ProjectClosed, ProjectPublished, ProjectSettled } from '@moa/contracts/funding/v1/funding_events';
import { Project_State } from '@moa/contracts/funding/v1/project';
import { on } from '@moa/kit';
import { hearClosed, hearPublished, hearSettled, type Outcome } from '../domain/project-copy.js';
import type { PrismaClient } from '../generated/client.js';
import { hearOfProject } from '../store/project-copies.js';

const onProjectPublished = on<ProjectPublished, PrismaClient>(
  ProjectPublished,
  ({ projectId, sellerId, title, goal, closeTime }, tx, { version }) => {
    const { currencyCode: currency, amountMinor: goalMinor } = goal!;
    return hearOfProject(tx, projectId, sellerId, (copy) =>
      hearPublished(copy, { title, currency, goalMinor, closeTime: closeTime!, publishVersion: version }),
    );
  },
);

const onProjectClosed = on<ProjectClosed, PrismaClient>(
  ProjectClosed,
  ({ projectId, sellerId, outcome, raised, pledgeCount }, tx, { version, time }) => {
    const said = { outcome: outcomeOf(outcome), raisedMinor: raised!.amountMinor, pledgeCount, closedTime: time, closeVersion: version };
    return hearOfProject(tx, projectId, sellerId, (copy) => hearClosed(copy, said));
  },
);

const onProjectSettled = on<ProjectSettled, PrismaClient>(ProjectSettled, ({ projectId, sellerId }, tx, { version, time }) =>
  hearOfProject(tx, projectId, sellerId, (copy) => hearSettled(copy, { settleTime: time, settleVersion: version })),
);

export const onProjectEvents = [onProjectPublished, onProjectClosed, onProjectSettled];

function outcomeOf(state: Project_State): Outcome {
  const outcome = (['CHARGING', 'FAILED', 'CANCELED'] as const).find((name) => Project_State[`STATE_${name}`] === state);
  if (!outcome) throw new Error(`a project does not close as ${state}`);
  return outcome;
}
