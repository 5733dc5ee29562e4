// What coupons take off a basket. One function prices what is shown and what is paid.
//
// Coupons are applied one after the other: those that sellers pay for first, so that the platform pays for what is left; then the larger
// first; then by id. Each is worked out on what is left of the lines that it is for, while its minimum is compared with their full price.

export type Flow = 'FUNDING' | 'INSTANT';
export type Payer = 'PLATFORM' | 'SELLER';

export interface Terms {
  /** One of the two. */
  readonly fixedMinor: bigint | null;
  readonly percentBasisPoints: number | null;
  /** Of a percentage. 0: no cap. */
  readonly capMinor: bigint;
  readonly minimumSpendMinor: bigint;
  /** Null: both. */
  readonly flow: Flow | null;
  /** Of a list, one must hold; an empty one holds. */
  readonly categories: readonly string[];
  readonly sellerIds: readonly string[];
  readonly itemIds: readonly string[];
  readonly payer: Payer;
  readonly stackable: boolean;
  readonly currency: string;
}

/** A coupon, and all that its use depends on. */
export interface Candidate {
  readonly couponId: string;
  readonly campaignId: string;
  readonly state: 'ISSUED' | 'RESERVED' | 'USED' | 'EXPIRED' | 'REVOKED';
  readonly expireTime: Date;
  readonly campaignPaused: boolean;
  /** What the campaign may still spend; null: without a limit. */
  readonly budgetLeftMinor: bigint | null;
  readonly terms: Terms;
}

export interface Line {
  readonly lineId: string;
  readonly itemId: string;
  readonly sellerId: string;
  readonly category: string;
  readonly amountMinor: bigint;
}

export interface Basket {
  readonly flow: Flow;
  readonly currency: string;
  readonly lines: readonly Line[];
}

export type Outcome =
  | 'APPLIED'
  | 'NOT_FOUND'
  | 'EXPIRED'
  | 'NOT_AVAILABLE'
  | 'REVOKED'
  | 'CAMPAIGN_PAUSED'
  | 'OUT_OF_SCOPE'
  | 'BELOW_MINIMUM'
  | 'NOT_STACKABLE'
  | 'BUDGET_SPENT'
  | 'NOTHING_LEFT'
  | 'WRONG_CURRENCY';

export interface CouponOutcome {
  readonly couponId: string;
  readonly outcome: Outcome;
  readonly discountMinor: bigint;
  /** With BELOW_MINIMUM. */
  readonly missingMinor: bigint;
}

export interface LineDiscount {
  readonly lineId: string;
  readonly couponId: string;
  readonly payer: Payer;
  readonly discountMinor: bigint;
}

export interface Quote {
  /** In the order in which they are applied; the others last. */
  readonly coupons: readonly CouponOutcome[];
  readonly discounts: readonly LineDiscount[];
  readonly discountMinor: bigint;
  readonly totalMinor: bigint;
}

const BASIS = 10_000n;
/** Together at most. */
export const MOST_TOGETHER = 5;

/** What these coupons take off, all of them that can stand together. Ids that are no candidate's are NOT_FOUND. */
export function quote(basket: Basket, candidates: readonly Candidate[], at: Date, unknownIds: readonly string[] = []): Quote {
  const left = new Map(basket.lines.map(({ lineId, amountMinor }) => [lineId, amountMinor]));
  const applied: Candidate[] = [];
  const discounts: LineDiscount[] = [];
  const good: CouponOutcome[] = [];
  const bad: CouponOutcome[] = unknownIds.map((couponId) => refused(couponId, 'NOT_FOUND'));
  for (const candidate of inOrder(basket, candidates)) {
    const { couponId, terms } = candidate;
    const outcome = outcomeOf(candidate, basket, at);
    if (outcome) {
      bad.push(outcome);
      continue;
    }
    if (applied.some((other) => !other.terms.stackable || !terms.stackable || other.campaignId === candidate.campaignId)) {
      bad.push(refused(couponId, 'NOT_STACKABLE'));
      continue;
    }
    const lines = linesFor(terms, basket);
    const discountMinor = discountOf(terms, sum(lines.map(({ lineId }) => left.get(lineId)!)));
    if (discountMinor === 0n) {
      bad.push(refused(couponId, 'NOTHING_LEFT'));
      continue;
    }
    if (candidate.budgetLeftMinor !== null && discountMinor > candidate.budgetLeftMinor) {
      bad.push(refused(couponId, 'BUDGET_SPENT'));
      continue;
    }
    applied.push(candidate);
    good.push({ couponId, outcome: 'APPLIED', discountMinor, missingMinor: 0n });
    for (const { lineId, part } of spread(discountMinor, lines, left)) {
      left.set(lineId, left.get(lineId)! - part);
      if (part > 0n) discounts.push({ lineId, couponId, payer: terms.payer, discountMinor: part });
    }
  }
  return {
    coupons: [...good, ...bad],
    discounts,
    discountMinor: sum(discounts.map((discount) => discount.discountMinor)),
    totalMinor: sum([...left.values()]),
  };
}

/**
 * What the best of a person's coupons take off: the best that stands alone, or stackable ones, of which each adds the most to those before it.
 * The outcomes of all are told.
 */
export function bestQuote(basket: Basket, candidates: readonly Candidate[], at: Date): Quote {
  const usable = candidates.filter((candidate) => !outcomeOf(candidate, basket, at));
  let best = quote(basket, [], at);
  for (const candidate of usable) best = better(best, quote(basket, [candidate], at));
  let together: Candidate[] = [];
  let stacked = quote(basket, [], at);
  for (;;) {
    let next = { quote: stacked, set: together };
    for (const candidate of usable) {
      if (!candidate.terms.stackable || together.includes(candidate)) continue;
      const set = [...together, candidate];
      const tried = quote(basket, set, at);
      if (tried.discountMinor > next.quote.discountMinor && isAllApplied(tried)) next = { quote: tried, set };
    }
    if (next.set === together) break;
    [stacked, together] = [next.quote, next.set];
    if (together.length === MOST_TOGETHER) break;
  }
  best = better(best, stacked);
  const named = new Set(best.coupons.map(({ couponId }) => couponId));
  const others = candidates.filter(({ couponId }) => !named.has(couponId));
  const why = others.map((other) => outcomeOf(other, basket, at) ?? refused(other.couponId, 'NOT_STACKABLE'));
  return { ...best, coupons: [...best.coupons, ...why] };
}

export const isAllApplied = ({ coupons }: Quote): boolean => coupons.every(({ outcome }) => outcome === 'APPLIED');

const better = (one: Quote, other: Quote): Quote => (other.discountMinor > one.discountMinor ? other : one);

// What keeps a coupon from being used by itself; undefined: nothing does.
function outcomeOf({ couponId, state, expireTime, campaignPaused, terms }: Candidate, basket: Basket, at: Date): CouponOutcome | undefined {
  if (state === 'REVOKED') return refused(couponId, 'REVOKED');
  if (state === 'EXPIRED' || (state === 'ISSUED' && expireTime <= at)) return refused(couponId, 'EXPIRED');
  if (state !== 'ISSUED') return refused(couponId, 'NOT_AVAILABLE');
  if (campaignPaused) return refused(couponId, 'CAMPAIGN_PAUSED');
  if (terms.currency !== basket.currency) return refused(couponId, 'WRONG_CURRENCY');
  const lines = linesFor(terms, basket);
  if (lines.length === 0) return refused(couponId, 'OUT_OF_SCOPE');
  const missingMinor = terms.minimumSpendMinor - sum(lines.map(({ amountMinor }) => amountMinor));
  return missingMinor > 0n ? { ...refused(couponId, 'BELOW_MINIMUM'), missingMinor } : undefined;
}

const refused = (couponId: string, outcome: Outcome): CouponOutcome => ({ couponId, outcome, discountMinor: 0n, missingMinor: 0n });

function linesFor({ flow, categories, sellerIds, itemIds }: Terms, basket: Basket): Line[] {
  if (flow !== null && flow !== basket.flow) return [];
  const holds = (list: readonly string[], value: string) => list.length === 0 || list.includes(value);
  return basket.lines.filter((line) => holds(categories, line.category) && holds(sellerIds, line.sellerId) && holds(itemIds, line.itemId));
}

function discountOf({ fixedMinor, percentBasisPoints, capMinor }: Terms, ofMinor: bigint): bigint {
  if (fixedMinor !== null) return min(fixedMinor, ofMinor);
  const part = (ofMinor * BigInt(percentBasisPoints ?? 0)) / BASIS;
  return capMinor > 0n ? min(part, capMinor) : part;
}

function inOrder(basket: Basket, candidates: readonly Candidate[]): Candidate[] {
  const alone = ({ terms }: Candidate) => discountOf(terms, sum(linesFor(terms, basket).map(({ amountMinor }) => amountMinor)));
  const rank = ({ terms }: Candidate) => (terms.payer === 'SELLER' ? 0 : 1);
  return candidates.toSorted((left, right) => {
    if (rank(left) !== rank(right)) return rank(left) - rank(right);
    const [ofLeft, ofRight] = [alone(left), alone(right)];
    if (ofLeft !== ofRight) return ofLeft > ofRight ? -1 : 1;
    return left.couponId < right.couponId ? -1 : 1;
  });
}

// In proportion to what is left of each line. What rounding leaves over goes to the lines that lost most by it, of equals to the first by id: so
// the order in which lines are named changes nothing.
function spread(discountMinor: bigint, lines: readonly Line[], left: ReadonlyMap<string, bigint>) {
  const whole = sum(lines.map(({ lineId }) => left.get(lineId)!));
  const parts = lines.map(({ lineId }) => {
    const share = discountMinor * left.get(lineId)!;
    return { lineId, part: share / whole, rest: share % whole };
  });
  let over = discountMinor - sum(parts.map(({ part }) => part));
  const byRest = parts.toSorted((one, other) => {
    if (one.rest !== other.rest) return one.rest > other.rest ? -1 : 1;
    return one.lineId < other.lineId ? -1 : 1;
  });
  return byRest.map(({ lineId, part }) => ({ lineId, part: over-- > 0n ? part + 1n : part }));
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
const min = (one: bigint, other: bigint): bigint => (one < other ? one : other);
