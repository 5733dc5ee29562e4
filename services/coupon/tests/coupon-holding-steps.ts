// By chance: orders that hold coupons, coupons that are taken away, accounts that come and go, and the clock.
import { randomUUID } from 'node:crypto';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { type Events, until } from '@moa/testkit';
import type { Asked, Coupon } from './coupon-model.js';
import { type Attempt, REMEMBERED_DAYS, type Step, WITHIN_MS, type World } from './coupon-world.js';
import { bed, DAY_MS, held, lineOf, reservation, sql } from './support.js';

const LINE = lineOf(1);
const HOUR_MS = 3_600_000;
const PEOPLE_AT_LEAST = 4;

export function openHoldingSteps(world: World, events: Events) {
  const { model, random, pick, chance, asStaff, people, join, holders, timeOf, noonIn, nameOf, couponName } = world;
  const told: { readonly accountId: string; readonly id: string; readonly day: number }[] = [];
  const holderName = (id: string) => `holder ${holders.findIndex((holder) => holder.id === id)}`;
  const anyCoupon = (): Coupon | undefined => {
    const usable = model.coupons.filter(({ state, campaign }) => state === 'ISSUED' && campaign.state !== 'PAUSED');
    return (chance(6) ? undefined : pick(usable)) ?? pick(model.coupons);
  };

  function askFor(coupon: Coupon): Asked {
    const { owner, campaign } = coupon;
    const besides = model.coupons.filter((other) => other !== coupon && other.owner === owner && other.campaign.terms.stackable);
    const other = campaign.terms.stackable && chance(2) ? pick(besides) : undefined;
    return {
      owner: chance(12) ? pick(people) : owner,
      coupons: other ? [coupon, other] : [coupon],
      amount: BigInt(1_000 + random(12_000)),
      expireDay: chance(2) ? noonIn(random(15)) : undefined,
    };
  }

  function reservationOf(id: string, asked: Asked): Attempt {
    const { owner, coupons, amount, expireDay } = asked;
    const couponIds = coupons.map((coupon) => coupon.id!);
    const lines = [{ ...LINE, amountMinor: amount }];
    const request = reservation(owner, couponIds, { holderId: id, lines, expireTime: timeOf(expireDay) });
    return {
      what: `${holderName(id)} of ${nameOf(owner)} reserves ${coupons.map(couponName)} for ${amount} until ${expireDay}`,
      act: async ({ purchase }) => `${(await purchase.reserveCoupons(request)).quote!.discount!.amountMinor} off`,
      say: () => model.reserve(id, asked),
    };
  }

  function newHolder(coupon: Coupon) {
    const holder = { id: randomUUID(), asked: askFor(coupon) };
    holders.push(holder);
    return holder;
  }

  function reserve(): Step {
    const [coupon, old] = [anyCoupon(), chance(6) ? pick(holders) : undefined];
    // One whose time is over would be released as soon as it was made.
    if (old && (old.asked.expireDay ?? Infinity) > model.today()) {
      const other = { ...old.asked, amount: old.asked.amount + 1n };
      return [reservationOf(old.id, chance(3) ? other : old.asked)];
    }
    if (!coupon) return [];
    const rivals = model.coupons.filter(({ campaign, state }) => campaign === coupon.campaign && state === 'ISSUED');
    const wanted = chance(3)
      ? [coupon, ...Array.from({ length: 1 + random(3) }, () => (chance(2) ? coupon : (pick(rivals) ?? coupon)))]
      : [coupon];
    const attempts = wanted.map(newHolder).map(({ id, asked }) => reservationOf(id, asked));
    return chance(8) ? [...attempts, revoke(coupon)] : attempts;
  }

  // Seldom one that has reserved nothing.
  function anyHolder(): string | undefined {
    const coupon = pick(model.coupons);
    if (coupon && (holders.length === 0 || chance(10))) return newHolder(coupon).id;
    const holding = model.coupons.flatMap(({ holder }) => holder ?? []);
    return (chance(4) ? undefined : pick(holding)) ?? pick(holders)?.id;
  }

  function ending(rpc: 'commitCoupons' | 'releaseCoupons', id: string): Attempt {
    return {
      what: `${rpc} of ${holderName(id)}`,
      act: ({ purchase }) => purchase[rpc](held(id)).then(() => 'done'),
      say: () => (rpc === 'commitCoupons' ? model.commit(id) : model.release(id)),
    };
  }

  function end(): Step {
    const id = anyHolder();
    if (!id) return [];
    const [commit, release] = [ending('commitCoupons', id), ending('releaseCoupons', id)];
    return chance(6) ? [commit, release] : [chance(3) ? release : commit];
  }

  function giveBack(): Step {
    const used = pick(model.coupons.filter(({ state }) => state === 'USED'));
    const id = chance(5) ? anyHolder() : used?.holder;
    if (!id) return [];
    const less = new Map(model.coupons.filter(({ holder }) => holder === id).map((coupon) => [coupon, BigInt(random(1_500))]));
    const discounts = [...less].map(([coupon, discountMinor]) => ({ couponId: coupon.id!, discountMinor }));
    const request = { ...held(id), discounts, inFull: chance(2) };
    return [
      {
        what: `give back ${[...less].map(([coupon, discount]) => `${discount} of ${couponName(coupon)}`)} to ${holderName(id)}${request.inFull ? ', all' : ''}`,
        act: ({ purchase }) => purchase.returnCoupons(request).then(() => 'done'),
        say: () => model.giveBack(id, less, request.inFull),
        once: true,
        otherBody: ({ purchase }) => purchase.returnCoupons({ ...request, inFull: !request.inFull }).then(() => 'done'),
      },
    ];
  }

  function revoke(coupon: Coupon): Attempt {
    const request = { requestId: randomUUID(), id: coupon.id! };
    return {
      what: `revoke ${couponName(coupon)}`,
      act: async ({ admin }) => admin.revokeCoupon(request, await asStaff()).then(() => 'done'),
      say: () => model.revoke(coupon),
      once: true,
    };
  }

  // Twice, and late; what is told at last by this id was handled when all before it was: a person's events keep their order.
  async function tell<T extends { accountId: string }>(type: Parameters<typeof events.publish<T>>[0], event: T, before: string[] = []) {
    const id = randomUUID();
    const time = new Date(bed.now().getTime() - random(HOUR_MS));
    for (const told of [...before, id, id]) await events.publish(type, event, { id: told, time });
    await until(async () => (await sql.query('SELECT FROM kit.inbox WHERE event_id = $1', [id])).rows.length > 0, WITHIN_MS);
    return id;
  }

  function come(): Step {
    const accountId = chance(2) ? join() : pick(people);
    const before = told.filter((event) => event.accountId === accountId && event.day > model.today() - REMEMBERED_DAYS);
    return [
      {
        what: `${nameOf(accountId)} has come`,
        async act() {
          const earlier = before.map(({ id }) => id);
          told.push({ accountId, id: await tell(AccountCreated, { accountId }, earlier), day: model.today() });
          return 'done';
        },
        say: () => model.welcome(accountId),
      },
    ];
  }

  function go(): Step {
    if (people.length < PEOPLE_AT_LEAST) return [];
    const accountId = people.splice(random(people.length), 1)[0]!;
    return [
      {
        what: `${nameOf(accountId)} has gone`,
        act: () => tell(AccountClosed, { accountId, closeTime: bed.now() }).then(() => 'done'),
        say: () => model.close(accountId),
      },
    ];
  }

  function shift(): Step {
    const days = 1 + random(9);
    return [
      {
        what: `${days} days later`,
        act: async () => {
          bed.shiftClock(days * DAY_MS);
          return 'done';
        },
        say: () => {
          model.shift(days);
          return 'done';
        },
      },
    ];
  }
  return { reserve, end, giveBack, revoke, come, go, shift };
}
