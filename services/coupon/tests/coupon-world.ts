// What the steps of the coupon model share: who and what there is, how it is called in the log, and the service's name for it.
import { randomUUID } from 'node:crypto';
import { type Random, until } from '@moa/testkit';
import type { Asked, Campaign, Coupon, openModel } from './coupon-model.js';
import type { Clients } from './revived-coupon.js';
import { bed, DAY_MS, sql } from './support.js';

/** Something that is done to the service; `say` is told the answer if it was no refusal, and gives the one that the model knows. */
export interface Attempt {
  readonly what: string;
  readonly act: (clients: Clients) => Promise<string>;
  readonly say: (answer?: string) => string;
  /** For a moment none of it may seem to be left, when somebody was let in and got lost. */
  readonly claimOf?: Campaign;
  /** The same request again is answered the same, and changes nothing. */
  readonly once?: true;
  /** Another request by the same id. */
  readonly otherBody?: (clients: Clients) => Promise<string>;
}
/** What is done at once. */
export type Step = readonly Attempt[];

export type Model = ReturnType<typeof openModel>;
export type World = ReturnType<typeof openWorld>;

const STAFF = randomUUID();
const PEOPLE = 7;
/** The service may have to be started more than once before something is done. */
export const WITHIN_MS = 60_000;
/** The service remembers answers and events for 30. */
export const REMEMBERED_DAYS = 25;
const OTHERS_ARE_PICKED = 5;

export function openWorld(model: Model, { below: random, pick }: Random) {
  const begunMs = bed.now().getTime();
  const everybody: string[] = Array.from({ length: PEOPLE }, () => randomUUID());
  const people = [...everybody];
  const chance = (one: number) => random(one) === 0;
  return {
    model,
    random,
    pick,
    /** One in so many. */
    chance,
    asStaff: () => bed.as(STAFF, 'ADMIN'),
    /** Those who have not closed their accounts. */
    people,
    everybody,
    join(): string {
      const id = randomUUID();
      everybody.push(id);
      people.push(id);
      return id;
    },
    ids: new Map<Campaign, string>(),
    holders: [] as { readonly id: string; readonly asked: Asked }[],
    timeOf: (day: number | undefined) => (day === undefined ? undefined : new Date(begunMs + Math.round(day * DAY_MS))),
    /** Noon of a day from now on: nothing happens at the very moment when the clock is shifted. */
    noonIn: (days: number) => model.today() + days + 0.5,
    anyCampaign: (is: (campaign: Campaign) => boolean = () => true): Campaign =>
      pick(model.campaigns.filter((campaign) => is(campaign) && (campaign.state === 'ACTIVE' || chance(OTHERS_ARE_PICKED)))) ??
      pick(model.campaigns),
    /** Whoever asked for it may be gone. */
    jobEnded: (id: string) =>
      until(async () => {
        const { rows } = await sql.query(
          'SELECT done_count, skipped_count, stop_reason FROM issue_job WHERE id = $1 AND end_time IS NOT NULL',
          [id],
        );
        return rows[0] as { done_count: string; skipped_count: string; stop_reason: string } | undefined;
      }, WITHIN_MS),
    nameOf: (owner: string) => `person ${everybody.indexOf(owner)}`,
    campaignName: ({ number, terms: { codeKind, claimable, welcome } }: Campaign) =>
      `campaign ${number} (${claimable ? 'claimable' : welcome ? 'welcome' : codeKind})`,
    couponName: (coupon: Coupon) => `coupon ${model.coupons.indexOf(coupon)}`,
  };
}
