// What happens in a run: drawn by fast-check, small enough to be read when something is wrong.
import fc from 'fast-check';

export const BACKERS = 5;
export const PROJECTS = 3;
const REWARDS = 2;
const MOST_AT_ONCE = 3;
const MOST_MEANWHILE = 2;
const LEAST_STEPS = 20;
const MOST_STEPS = 45;
/** Tenths of a second, where a card takes a parameter. */
const SHORTLY = 1;

export interface CardPlan {
  readonly kind: string;
  readonly parameter: number;
}

/** Pledges are named by a number, which stands for one of those that there are by then. */
export type Operation =
  | { does: 'pledge'; backer: number; project: number; lines: number[]; extra: number; card: CardPlan; twice: boolean }
  | { does: 'change'; pledge: number; lines: number[]; extra: number; twice: boolean }
  | { does: 'card'; pledge: number; card: CardPlan; twice: boolean }
  | { does: 'cancel'; pledge: number; twice: boolean }
  | { does: 'end'; project: number; twice: boolean }
  | { does: 'undo'; project: number; twice: boolean }
  | { does: 'refund'; pledge: number; percent: number | null; twice: boolean }
  | { does: 'chargeback'; pledge: number };

export type Step =
  /** Side by side. */
  { step: 'do'; operations: Operation[] } | { step: 'look' } | { step: 'pass'; hours: number; meanwhile: Operation[] };

export interface ProjectPlan {
  readonly keeps: boolean;
  readonly goal: number;
  readonly closeHour: number;
  readonly retries: number;
  readonly rewards: readonly { readonly price: number; readonly stock: number | null; readonly limit: number }[];
}

export interface Plan {
  readonly projects: ProjectPlan[];
  readonly steps: Step[];
}

const lines = fc.tuple(...Array.from({ length: REWARDS }, () => fc.nat(2))) as fc.Arbitrary<number[]>;
const extra = fc.constantFrom(0, 1_000, 5_500);
const backer = fc.nat(BACKERS - 1);
const project = fc.nat(PROJECTS - 1);
const pledge = fc.nat(99);
const twice = fc.boolean();
const card = fc
  .oneof(
    { weight: 4, arbitrary: fc.constant('PLAIN') },
    { weight: 2, arbitrary: fc.constantFrom('DECLINE', 'DECLINE_FIRST') },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'TIMEOUT_AFTER_SUCCESS',
        'TIMEOUT_BEFORE',
        'SLOW',
        'ERROR_ONCE',
        'DUPLICATE_WEBHOOK',
        'LATE_WEBHOOK',
        'REORDERED_WEBHOOKS',
      ),
    },
  )
  .map((kind): CardPlan => ({ kind, parameter: SHORTLY }));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ does: fc.constant('pledge' as const), backer, project, lines, extra, card, twice }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant('change' as const), pledge, lines, extra, twice }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('card' as const), pledge, card, twice }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant('cancel' as const), pledge, twice }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('end' as const), project, twice }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('undo' as const), project, twice }) },
  {
    weight: 12,
    arbitrary: fc.record({ does: fc.constant('refund' as const), pledge, percent: fc.constantFrom(null, 30, 60, 100), twice }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('chargeback' as const), pledge }) },
);
// A project that is given up while it is charged may end in too many ways.
const whileTimePasses = operation.filter(({ does }) => does !== 'chargeback' && does !== 'undo');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      step: fc.constant('do' as const),
      operations: fc.array(operation, { minLength: 1, maxLength: MOST_AT_ONCE, size: 'max' }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('look' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('pass' as const),
      hours: fc.constantFrom(1, 7, 18, 24, 31),
      meanwhile: fc.array(whileTimePasses, { maxLength: MOST_MEANWHILE, size: 'max' }),
    }),
  },
);

const projectPlan: fc.Arbitrary<ProjectPlan> = fc.record({
  keeps: fc.boolean(),
  goal: fc.constantFrom(20_000, 20_000, 60_000, 90_000_000),
  closeHour: fc.constantFrom(20, 30, 50, 70),
  retries: fc.nat(2),
  rewards: fc.array(
    fc.record({ price: fc.constantFrom(7_777, 10_001, 25_000), stock: fc.constantFrom(null, 1, 3, 8), limit: fc.constantFrom(0, 0, 1, 3) }),
    { minLength: REWARDS, maxLength: REWARDS },
  ),
});

export const plans: fc.Arbitrary<Plan> = fc.record({
  projects: fc.array(projectPlan, { minLength: PROJECTS, maxLength: PROJECTS }),
  steps: fc.array(step, { minLength: LEAST_STEPS, maxLength: MOST_STEPS, size: 'max' }),
});
