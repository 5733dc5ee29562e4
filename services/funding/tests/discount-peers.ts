// Coupon and user as funding sees them: they hold for a pledge, once, and are as strict about it as their contracts.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { CouponOutcome_Outcome, Payer } from '@moa/contracts/coupon/v1/coupon';
import { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { failures, kitFail, openHost } from '@moa/kit';
import { bed, won } from './support.js';

const couponFail = failures('moa.coupon', {
  COUPON_NOT_USABLE: status.FAILED_PRECONDITION,
  HOLDER_RELEASED: status.FAILED_PRECONDITION,
  NOT_USED: status.FAILED_PRECONDITION,
  NOT_HERE: status.UNIMPLEMENTED,
});
const userFail = failures('moa.user', { POINTS_SHORT: status.FAILED_PRECONDITION, HOLDER_RELEASED: status.FAILED_PRECONDITION });

type HolderState = 'HELD' | 'USED' | 'RELEASED';

interface CouponHolder {
  state: HolderState;
  readonly couponIds: readonly string[];
  returned: bigint;
}

interface PointHolder {
  state: HolderState;
  readonly accountId: string;
  readonly amount: bigint;
  returned: bigint;
}

export async function openDiscountPeers() {
  const coupons = new Map<string, { ownerId: string; takesMinor: bigint; payer: Payer; state: 'ISSUED' | 'RESERVED' | 'USED' }>();
  const couponHolders = new Map<string, CouponHolder>();
  const balances = new Map<string, bigint>();
  const pointHolders = new Map<string, PointHolder>();
  /** Request ids of each kind of call, as they came. */
  const calls: { readonly what: string; readonly requestId: string; readonly holderId: string }[] = [];
  const done = new Set<string>();
  const down = new Set<string>();
  const slow = new Map<string, Promise<void>>();
  const notHere = async () => Promise.reject(couponFail('NOT_HERE'));

  /** Whether the work is still to be done: the same request is done once. */
  function first(what: string, { requestId, holderId }: { requestId: string; holderId: string }): boolean {
    if (down.has(what)) throw kitFail('SERVICE_UNAVAILABLE');
    calls.push({ what, requestId, holderId });
    if (done.has(requestId)) return false;
    done.add(requestId);
    return true;
  }
  const setCoupons = (holder: CouponHolder, state: 'ISSUED' | 'RESERVED' | 'USED') => {
    for (const id of holder.couponIds) coupons.get(id)!.state = state;
  };

  const couponHost = await openHost('coupon', await bed.config('coupon'));
  couponHost.serve(CouponHoldServiceDefinition, {
    async reserveCoupons(request) {
      first('reserveCoupons', request);
      const { holderId, ownerId, couponIds, lines } = request;
      const known = couponHolders.get(holderId);
      if (known?.state === 'RELEASED') throw couponFail('HOLDER_RELEASED');
      if (!known) {
        for (const id of couponIds) {
          const coupon = coupons.get(id);
          if (coupon?.ownerId !== ownerId || coupon.state !== 'ISSUED') throw couponFail('COUPON_NOT_USABLE', { couponId: id });
        }
        const holder: CouponHolder = { state: 'HELD', couponIds, returned: 0n };
        couponHolders.set(holderId, holder);
        setCoupons(holder, 'RESERVED');
      }
      const lineId = lines[0]!.lineId;
      const discounts = couponIds.map((couponId) => {
        const { payer, takesMinor } = coupons.get(couponId)!;
        return { lineId, couponId, payer, discountMinor: takesMinor };
      });
      const sum = discounts.reduce((total, { discountMinor }) => total + discountMinor, 0n);
      const price = lines.reduce((total, { amountMinor }) => total + amountMinor, 0n);
      const outcomes = discounts.map(({ couponId, discountMinor }) => ({
        couponId,
        outcome: CouponOutcome_Outcome.OUTCOME_APPLIED,
        discount: won(discountMinor),
        missingMinor: 0n,
      }));
      return { quote: { coupons: outcomes, discounts, discount: won(sum), total: won(price - sum) } };
    },
    async commitCoupons(request) {
      const holder = couponHolders.get(request.holderId);
      if (first('commitCoupons', request) && holder?.state === 'HELD') {
        holder.state = 'USED';
        setCoupons(holder, 'USED');
      }
      return {};
    },
    async releaseCoupons(request) {
      if (!first('releaseCoupons', request)) return {};
      const holder = couponHolders.get(request.holderId) ?? { state: 'RELEASED' as const, couponIds: [], returned: 0n };
      if (holder.state === 'HELD') setCoupons(holder, 'ISSUED');
      if (holder.state !== 'USED') holder.state = 'RELEASED';
      couponHolders.set(request.holderId, holder);
      return {};
    },
    async returnCoupons(request) {
      const holder = couponHolders.get(request.holderId);
      if (holder?.state !== 'USED') throw couponFail('NOT_USED');
      if (!first('returnCoupons', request)) return {};
      for (const { discountMinor } of request.discounts) holder.returned += discountMinor;
      if (request.inFull) setCoupons(holder, 'ISSUED');
      return {};
    },
    listCouponsForMyPage: notHere,
  });

  const userHost = await openHost('user', await bed.config('user'));
  const give = (accountId: string, change: bigint) => balances.set(accountId, (balances.get(accountId) ?? 0n) + change);
  userHost.serve(PointServiceDefinition, {
    async holdPoints(request) {
      first('holdPoints', request);
      const { holderId, accountId, amountMinor: amount } = request;
      const known = pointHolders.get(holderId);
      if (known?.state === 'RELEASED') throw userFail('HOLDER_RELEASED');
      if (known) return {};
      if ((balances.get(accountId) ?? 0n) < amount) throw userFail('POINTS_SHORT');
      give(accountId, -amount);
      pointHolders.set(holderId, { state: 'HELD', accountId, amount, returned: 0n });
      await slow.get('holdPoints');
      return {};
    },
    async capturePoints(request) {
      const holder = pointHolders.get(request.holderId);
      if (first('capturePoints', request) && holder?.state === 'HELD') holder.state = 'USED';
      return { spentMinor: holder?.state === 'USED' ? holder.amount : 0n };
    },
    async releasePoints(request) {
      if (!first('releasePoints', request)) return {};
      const holder = pointHolders.get(request.holderId) ?? { state: 'RELEASED' as const, accountId: '', amount: 0n, returned: 0n };
      if (holder.state === 'HELD') give(holder.accountId, holder.amount);
      if (holder.state !== 'USED') holder.state = 'RELEASED';
      pointHolders.set(request.holderId, holder);
      return {};
    },
    async returnPoints(request) {
      const holder = pointHolders.get(request.holderId);
      if (holder?.state !== 'USED') throw couponFail('NOT_USED');
      if (!first('returnPoints', request)) return {};
      holder.returned += request.amountMinor;
      if (holder.returned > holder.amount) throw new Error('more points came back than were spent');
      give(holder.accountId, request.amountMinor);
      return {};
    },
    getPointBalance: notHere,
    listPointEntries: notHere,
    listPointLots: notHere,
    grantPoints: notHere,
  });
  const running = [await couponHost.listen(), await userHost.listen()] as const;

  return {
    coupon: running[0].address,
    user: running[1].address,
    calls,
    /** Calls that fail as if nobody were there. */
    down,
    /** Calls that are done, and answered when this is. */
    slow,
    couponHolders,
    pointHolders,
    /** A coupon of somebody, that takes a fixed amount off. */
    issue(ownerId: string, takesMinor: bigint, payer: Payer = Payer.PAYER_PLATFORM): string {
      const id = randomUUID();
      coupons.set(id, { ownerId, takesMinor, payer, state: 'ISSUED' });
      return id;
    },
    grant: (accountId: string, amount: bigint): void => void give(accountId, amount),
    stateOf: (couponId: string) => coupons.get(couponId)!.state,
    balanceOf: (accountId: string) => balances.get(accountId) ?? 0n,
    /** How many different requests of a kind came for a pledge. */
    asked: (what: string, holderId: string) =>
      new Set(calls.filter((call) => call.what === what && call.holderId === holderId).map(({ requestId }) => requestId)).size,
    async stop() {
      for (const host of running) await host.stop();
    },
  };
}

export type DiscountPeers = Awaited<ReturnType<typeof openDiscountPeers>>;
