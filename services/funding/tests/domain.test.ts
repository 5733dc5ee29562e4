import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Hold, owesRelease, owesUse, type Return, returnOf } from '../src/domain/discount.js';
import { checkPlan, checkProjectFields, type Reward, reviseReward } from '../src/domain/plan.js';
import {
  CHARGE_RETRIES,
  CHARGE_RETRY_SECONDS,
  chargedBack,
  checkOrder,
  forSeller,
  type Pledge,
  type PledgeState,
  paid,
  refunded,
  refused,
} from '../src/domain/pledge.js';
import { approve, cancel, close, hasEnded, isSuccess, type Project, percentOf, phaseOf, submit } from '../src/domain/project.js';

const NOW = new Date('2027-01-10T00:00:00Z');
const BEFORE = new Date('2027-01-01T00:00:00Z');
const AFTER = new Date('2027-02-01T00:00:00Z');

const projectOf = (more: Partial<Project> = {}): Project => ({
  id: 'p',
  sellerId: 's',
  title: '',
  summary: '',
  category: '',
  imageUrls: [],
  kind: 'ALL_OR_NOTHING',
  currency: 'KRW',
  goalMinor: 1_000n,
  startTime: BEFORE,
  closeTime: AFTER,
  state: 'LIVE',
  public: true,
  rejectionReason: '',
  cancelReason: '',
  raisedMinor: 0n,
  pledgeCount: 0,
  popularity: 0n,
  lateUntil: null,
  lateRaisedMinor: 0n,
  chargeRetries: 7,
  chargeRetrySeconds: 86_400,
  revision: 1,
  version: 4n,
  createTime: BEFORE,
  submitTime: BEFORE,
  ...more,
});

const reasonOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { reason: string }).reason;
  }
  return 'none';
};

test('a visitor sees a phase made of state, progress and time', () => {
  const phases = [
    [{ state: 'DRAFT', public: false }, 'HIDDEN'],
    [{ state: 'CANCELED', public: false }, 'HIDDEN'],
    [{ state: 'SCHEDULED' }, 'UPCOMING'],
    [{ raisedMinor: 999n }, 'IN_PROGRESS'],
    [{ raisedMinor: 1_000n }, 'GOAL_MET'],
    [{ raisedMinor: 1_000n, closeTime: NOW }, 'ENDED_WITH_SUCCESS'],
    [{ raisedMinor: 999n, closeTime: NOW }, 'ENDED_WITHOUT_SUCCESS'],
    [{ raisedMinor: 1n, closeTime: NOW, kind: 'KEEP_WHAT_YOU_RAISE' }, 'ENDED_WITH_SUCCESS'],
    [{ state: 'CHARGING' }, 'ENDED_WITH_SUCCESS'],
    [{ state: 'SUCCEEDED' }, 'ENDED_WITH_SUCCESS'],
    [{ state: 'FAILED' }, 'ENDED_WITHOUT_SUCCESS'],
    [{ state: 'CANCELED' }, 'ENDED_WITHOUT_SUCCESS'],
  ] as const;
  for (const [more, phase] of phases) assert.is(phaseOf(projectOf(more), NOW), phase);
});

test('a close charges what met its goal, and what keeps what it raised', () => {
  assert.equal(close(projectOf({ raisedMinor: 1_000n })), { state: 'CHARGING', version: 5n });
  assert.equal(close(projectOf({ raisedMinor: 999n })), { state: 'FAILED', version: 5n });
  assert.ok(isSuccess(projectOf({ kind: 'KEEP_WHAT_YOU_RAISE', raisedMinor: 1n })));
  assert.not(isSuccess(projectOf({ kind: 'KEEP_WHAT_YOU_RAISE' })));
});

test('the percentage is rounded down, and may pass 100', () => {
  assert.equal(
    [999n, 1_000n, 2_505n].map((raisedMinor) => percentOf(projectOf({ raisedMinor }))),
    [99, 100, 250],
  );
});

test('a project goes its way in order', () => {
  for (const state of ['SCHEDULED', 'LIVE', 'CHARGING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const) {
    assert.is(
      reasonOf(() => submit(projectOf({ state }), 1, NOW)),
      'PROJECT_SUBMITTED',
    );
    assert.is(
      reasonOf(() => approve(projectOf({ state }), NOW)),
      'PROJECT_NOT_IN_REVIEW',
    );
  }
  assert.is(
    reasonOf(() => submit(projectOf({ state: 'DRAFT' }), 0, NOW)),
    'REWARD_MISSING',
  );
  assert.is(
    reasonOf(() => approve(projectOf({ state: 'IN_REVIEW', closeTime: NOW }), NOW)),
    'CLOSE_TIME_PASSED',
  );
  for (const state of ['CHARGING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const) {
    assert.is(
      reasonOf(() => cancel(projectOf({ state }), '', NOW)),
      'PROJECT_ENDED',
    );
  }
  assert.is(
    reasonOf(() => cancel(projectOf({ closeTime: NOW }), '', NOW)),
    'PROJECT_ENDED',
  );
  assert.ok(hasEnded(projectOf({ closeTime: NOW }), NOW));
  assert.not(hasEnded(projectOf({ state: 'DRAFT', closeTime: NOW }), NOW));
});

test('a plan lasts 60 days at most, to the millisecond', () => {
  const plan = { currency: 'KRW', goalMinor: 1n, startTime: BEFORE };
  const days60 = BEFORE.getTime() + 60 * 86_400_000;
  checkPlan({ ...plan, closeTime: new Date(days60) }, []);
  assert.is(
    reasonOf(() => checkPlan({ ...plan, closeTime: new Date(days60 + 1) }, [])),
    'REQUEST_INVALID',
  );
});

test('fields freeze when a project is public, and all of them when it has ended', () => {
  checkProjectFields(projectOf({ state: 'REJECTED', public: false }), ['goal'], NOW);
  checkProjectFields(projectOf(), ['story'], NOW);
  assert.is(
    reasonOf(() => checkProjectFields(projectOf(), ['story', 'goal'], NOW)),
    'FIELD_FROZEN',
  );
  assert.is(
    reasonOf(() => checkProjectFields(projectOf({ closeTime: NOW }), ['story'], NOW)),
    'PROJECT_ENDED',
  );
});

test('stock shrinks to what is taken, and no further', () => {
  const reward: Reward = {
    id: 'r',
    projectId: 'p',
    title: '',
    description: '',
    priceMinor: 1n,
    stock: 10,
    remaining: 4,
    limitPerBacker: 0,
    deliveryMonth: '2027-03',
    ships: false,
    addOn: false,
  };
  assert.equal(reviseReward(projectOf(), reward, ['stock'], 6, NOW), { stock: 6, remaining: 0 });
  assert.is(
    reasonOf(() => reviseReward(projectOf(), reward, ['stock'], 5, NOW)),
    'STOCK_BELOW_TAKEN',
  );
  assert.is(
    reasonOf(() => reviseReward(projectOf(), reward, ['stock'], null, NOW)),
    'FIELD_FROZEN',
  );
  assert.equal(reviseReward(projectOf({ public: false }), reward, ['stock'], null, NOW), { stock: null, remaining: null });
});

test('each reward stands once in an order', () => {
  const line = { rewardId: 'a', quantity: 1 };
  assert.is(
    reasonOf(() => checkOrder({ lines: [line, { rewardId: 'b', quantity: 1 }, line], extra: undefined })),
    'REWARD_TWICE',
  );
});

const POLICY = { chargeRetries: CHARGE_RETRIES, chargeRetrySeconds: CHARGE_RETRY_SECONDS };

test('a refused charge is tried a day later, and dropped after the last retry', () => {
  assert.equal(refused({ state: 'CHARGING', chargeAttempts: 1 }, 1, POLICY, NOW), {
    state: 'PAYMENT_FAILED',
    nextChargeTime: new Date('2027-01-11T00:00:00Z'),
  });
  assert.is(refused({ state: 'CHARGING', chargeAttempts: 7 }, 7, POLICY, NOW)?.state, 'PAYMENT_FAILED');
  assert.equal(refused({ state: 'CHARGING', chargeAttempts: 8 }, 8, POLICY, NOW), { state: 'DROPPED', nextChargeTime: null });
});

test('old news of a charge change nothing, and news of the future are a fault', () => {
  assert.is(refused({ state: 'CHARGING', chargeAttempts: 2 }, 1, POLICY, NOW), undefined);
  for (const state of ['PAID', 'PAYMENT_FAILED', 'DROPPED', 'REFUNDED', 'ACTIVE'] as const) {
    assert.is(refused({ state, chargeAttempts: 1 }, 1, POLICY, NOW), undefined);
  }
  assert.throws(() => refused({ state: 'CHARGING', chargeAttempts: 1 }, 2, POLICY, NOW), /2 was refused/);
});

test('money that came and went is told in either order', () => {
  const after = (step: typeof paid, states: PledgeState[]) => states.map((state) => step({ state, chargeAttempts: 1 })?.state);
  assert.equal(after(paid, ['CHARGING', 'PAYMENT_FAILED', 'PAID', 'REFUNDED', 'DROPPED']), [
    'PAID',
    'PAID',
    undefined,
    undefined,
    undefined,
  ]);
  const back = (charge: { state: PledgeState; chargeAttempts: number }) =>
    refunded({ ...charge, chargeMinor: 100n, refundedMinor: 0n }, 100n);
  assert.equal(after(back, ['CHARGING', 'PAID', 'REFUNDED', 'CHARGED_BACK']), ['REFUNDED', 'REFUNDED', undefined, undefined]);
  assert.equal(after(chargedBack, ['CHARGING', 'PAID', 'REFUNDED', 'CHARGED_BACK']), [
    'CHARGED_BACK',
    'CHARGED_BACK',
    undefined,
    undefined,
  ]);
});

test('money that goes back in parts is told in any order: what was told of more counts', () => {
  const of = (refundedMinor: bigint) => ({ state: 'PAID' as const, chargeAttempts: 1, chargeMinor: 100n, refundedMinor });
  assert.equal(refunded(of(0n), 30n), { state: 'PAID', nextChargeTime: null, refundedMinor: 30n });
  assert.is(refunded(of(60n), 30n), undefined);
  assert.is(refunded(of(60n), 100n)!.state, 'REFUNDED');
});

const holding = (returnedMinor: bigint, returningMinor: bigint | null, chargeMinor = 4_500n) => ({
  couponDiscounts: [3_000n, 1n],
  pointsMinor: 2_500n,
  chargeMinor,
  returnedMinor,
  returningMinor,
});

test('coupons and points go back with the charge, step by step, and all steps together are what was used', () => {
  for (const steps of [[4_500n], [1n, 2n, 3n, 4_500n], [1_500n, 3_000n, 4_499n, 4_500n], [2_250n, 4_500n]]) {
    const returns = steps.map((to, index) => returnOf(holding(steps[index - 1] ?? 0n, to))!);
    const sum = (of: (step: Return) => bigint) => returns.reduce((total, step) => total + of(step), 0n);
    assert.is(
      sum(({ pointsMinor }) => pointsMinor),
      2_500n,
    );
    for (const [place, used] of [3_000n, 1n].entries()) {
      assert.is(
        sum(({ couponDiscounts }) => couponDiscounts[place]!),
        used,
      );
    }
    assert.ok(returns.every(({ pointsMinor, couponDiscounts }) => pointsMinor >= 0n && couponDiscounts.every((part) => part >= 0n)));
    assert.equal(
      returns.map(({ inFull }) => inFull),
      steps.map((to) => to === 4_500n),
    );
  }
});

test('nothing goes back before money does; where there was none, all of it at once', () => {
  assert.is(returnOf(holding(0n, null)), undefined);
  assert.equal(returnOf(holding(0n, 0n, 0n)), { toMinor: 0n, inFull: true, pointsMinor: 2_500n, couponDiscounts: [3_000n, 1n] });
});

test('what became of a pledge says what is owed for it', () => {
  const owed = (state: Hold['state'], pledgeState: PledgeState | null) =>
    `${owesRelease({ state, pledgeState })} ${owesUse({ state, pledgeState })}`;
  for (const ended of ['CANCELED', 'RELEASED', 'DROPPED'] as const) assert.is(owed('HELD', ended), 'true false');
  for (const came of ['PAID', 'REFUNDED', 'CHARGED_BACK'] as const) assert.is(owed('HELD', came), 'false true');
  for (const waits of ['ACTIVE', 'CHARGING', 'PAYMENT_FAILED'] as const) assert.is(owed('HELD', waits), 'false false');
  assert.is(owed('USED', 'REFUNDED'), 'false false');
  assert.is(owed('REFUSED', null), 'true false');
});

test('a seller gets an address only while something may be sent', () => {
  const address = { recipient: '김모아', phone: '', postalCode: '', line1: '', line2: '' };
  const shown = (state: PledgeState) => forSeller({ state, address } as Pledge).address;
  for (const state of ['ACTIVE', 'CHARGING', 'PAID', 'PAYMENT_FAILED'] as const) assert.is(shown(state), address);
  for (const state of ['CANCELED', 'RELEASED', 'DROPPED', 'REFUNDED'] as const) assert.is(shown(state), null);
});

test.run();
