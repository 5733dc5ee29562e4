// Which models explain what happened. What ran side by side may have come in any order, and what came of it decides which are possible: so
// there are several models at a time, as few as the answers leave.
import { type Action, act, type Model, work } from './model.js';

/** Refused for a reason, or done. */
export type Outcome = { readonly done: true } | { readonly done: false; readonly reason: string };

export interface Done {
  readonly action: Action;
  readonly outcome: Outcome;
}

type Step = Done | 'work';

/** A charge under way may stand in the way for a moment. */
const WHILE_CHARGING: ReadonlySet<string> = new Set(['PLEDGE_NOT_ACTIVE', 'PLEDGE_NOT_PAID']);

/** Every model in which these answers can have been given side by side, while what is due was done, or was not. */
export function explain(models: readonly Model[], done: readonly Done[], withWork: boolean): Model[] {
  const steps: Step[] = withWork ? [...done, 'work'] : [...done];
  const found = new Map<string, Model>();
  for (const model of models) {
    for (const order of ordersOf(steps)) {
      const after = follow(model, order, withWork);
      if (after) found.set(JSON.stringify(after), after);
    }
  }
  return [...found.values()];
}

function follow(before: Model, order: readonly Step[], withWork: boolean): Model | undefined {
  const model = structuredClone(before);
  for (const step of order) {
    if (step === 'work') {
      work(model);
      continue;
    }
    const { action, outcome } = step;
    if (!outcome.done && withWork && WHILE_CHARGING.has(outcome.reason)) continue;
    const kept = outcome.done ? model : structuredClone(model);
    const reasons = act(kept, action);
    if (outcome.done ? reasons.length > 0 : !reasons.includes(outcome.reason)) return undefined;
  }
  return model;
}

function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first, n) => ordersOf(items.filter((_, other) => other !== n)).map((rest) => [first, ...rest]));
}

/** What a single action would have come to, for who wonders why nothing explains it. */
export function predictions(models: readonly Model[], { action }: Done): string {
  const said = models.map((model) => act(structuredClone(model), action).join(' or ') || 'done');
  return [...new Set(said)].join('; ');
}
