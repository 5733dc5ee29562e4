// What coupons do, in memory and as plainly as it can be said: the model that the service is compared with. Its time is days since the beginning.
// Nothing is counted along the way: how many were given out and what was spent is counted when it is asked for.

export interface Terms {
  /** What is taken off; 0: a percentage. */
  readonly fixed: bigint;
  readonly percent: bigint;
  /** Of a percentage. 0: no cap. */
  readonly cap: bigint;
  readonly minimum: bigint;
  readonly limitPerUser: number;
  readonly stackable: boolean;
  readonly claimable: boolean;
  readonly welcome: boolean;
  readonly returned: boolean;
  readonly codeKind: 'NONE' | 'SHARED' | 'UNIQUE';
  readonly startDay: number;
  readonly endDay: number | undefined;
  /** One of the two. */
  readonly untilDay: number | undefined;
  readonly validDays: number;
}

export interface Campaign {
  readonly number: number;
  readonly terms: Terms;
  /** 0: none. */
  limit: number;
  budget: bigint;
  state: 'ACTIVE' | 'PAUSED' | 'ENDED';
  codes: readonly string[];
  readonly redeemed: Set<string>;
}

export type Source = 'GRANT' | 'LIST' | 'CODE' | 'CLAIM' | 'WELCOME';

export interface Coupon {
  /** What the service calls it; undefined as long as nobody was told. */
  id: string | undefined;
  readonly campaign: Campaign;
  readonly owner: string;
  readonly source: Source;
  readonly expireDay: number;
  state: 'ISSUED' | 'RESERVED' | 'USED' | 'EXPIRED' | 'REVOKED';
  holder: string | undefined;
  discount: bigint;
  version: number;
}

export interface Asked {
  readonly owner: string;
  readonly coupons: readonly Coupon[];
  readonly amount: bigint;
  readonly expireDay: number | undefined;
}

interface Holder {
  state: 'HELD' | 'COMMITTED' | 'RELEASED';
  readonly asked: Asked | undefined;
  readonly answer: string;
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
const least = (a: bigint, b: bigint) => (a < b ? a : b);

/** Each function gives what the caller is told: 'done', what it came to, or the reason of a refusal (of several that hold: "ONE or OTHER"). */
export function openModel() {
  const campaigns: Campaign[] = [];
  const coupons: Coupon[] = [];
  const holders = new Map<string, Holder>();
  /** What the world was told: "<event> <coupon> <holder>". */
  const told: { readonly event: string; readonly coupon: Coupon; readonly holder: string }[] = [];
  let day = 0;

  const of = (campaign: Campaign) => coupons.filter((coupon) => coupon.campaign === campaign);
  const issued = (campaign: Campaign) => of(campaign).filter(({ state }) => state !== 'REVOKED').length;
  const spent = (campaign: Campaign) => sum(of(campaign).map(({ discount }) => discount));
  const isOut = (campaign: Campaign) => campaign.limit > 0 && issued(campaign) >= campaign.limit;
  const has = (owner: string, campaign: Campaign, source?: Source) =>
    of(campaign).filter((coupon) => coupon.owner === owner && (!source || coupon.source === source)).length;

  function tell(event: string, coupon: Coupon, holder = ''): void {
    told.push({ event, coupon, holder });
  }

  function move(coupon: Coupon, state: Coupon['state'], holder?: string, discount = 0n): void {
    Object.assign(coupon, { state, holder, discount, version: coupon.version + 1 });
  }

  function whyNone(campaign: Campaign, owner: string): string[] {
    const { startDay, endDay = Infinity, untilDay = Infinity, limitPerUser } = campaign.terms;
    return [
      ...(campaign.state !== 'ACTIVE' || day < startDay || day >= endDay || day >= untilDay ? ['CAMPAIGN_NOT_OPEN'] : []),
      ...(limitPerUser > 0 && has(owner, campaign) >= limitPerUser ? ['ALREADY_CLAIMED'] : []),
      ...(isOut(campaign) ? ['CAMPAIGN_EXHAUSTED'] : []),
    ];
  }

  function issue(campaign: Campaign, owner: string, source: Source, id?: string): string {
    const [why] = whyNone(campaign, owner);
    if (why) return why;
    const { untilDay, validDays } = campaign.terms;
    const expireDay = untilDay ?? day + validDays;
    const coupon: Coupon = { id, campaign, owner, source, expireDay, state: 'ISSUED', holder: undefined, discount: 0n, version: 1 };
    coupons.push(coupon);
    tell('Granted', coupon);
    return id ?? 'done';
  }

  function expireDue(coupon: Coupon): void {
    if (coupon.state !== 'ISSUED' || coupon.expireDay > day) return;
    move(coupon, 'EXPIRED');
    tell('Expired', coupon);
  }

  function free(coupon: Coupon): void {
    tell('Released', coupon, coupon.holder);
    move(coupon, 'ISSUED');
    expireDue(coupon);
  }

  function revoke(coupon: Coupon): string {
    if (coupon.state === 'REVOKED') return 'done';
    if (coupon.state !== 'ISSUED') return 'COUPON_NOT_REVOCABLE';
    move(coupon, 'REVOKED');
    tell('Revoked', coupon);
    return 'done';
  }

  // What it takes off so much; the model knows one line, for which the larger coupons come first.
  const takesOff = ({ fixed, percent, cap }: Terms, amount: bigint) =>
    fixed > 0n ? least(fixed, amount) : least((amount * percent) / 100n, cap || amount);

  function price({ owner, coupons: wanted, amount }: Asked): bigint[] | undefined {
    const isBad = ({ owner: whose, state, campaign: { state: running, terms } }: Coupon) =>
      whose !== owner || state !== 'ISSUED' || running === 'PAUSED' || amount < terms.minimum;
    const isAlone = ({ campaign }: Coupon) => !campaign.terms.stackable || wanted.filter((other) => other.campaign === campaign).length > 1;
    if (wanted.some(isBad) || (wanted.length > 1 && wanted.some(isAlone))) return undefined;
    const discounts = new Map<Coupon, bigint>();
    for (const coupon of wanted.toSorted((a, b) => Number(takesOff(b.campaign.terms, amount) - takesOff(a.campaign.terms, amount)))) {
      const { campaign } = coupon;
      const discount = takesOff(campaign.terms, amount - sum([...discounts.values()]));
      if (discount === 0n || (campaign.budget > 0n && spent(campaign) + discount > campaign.budget)) return undefined;
      discounts.set(coupon, discount);
    }
    return wanted.map((coupon) => discounts.get(coupon)!);
  }

  function release(id: string): string {
    const holder = holders.get(id);
    if (holder?.state === 'COMMITTED') return 'HOLDER_COMMITTED';
    if (!holder) holders.set(id, { state: 'RELEASED', asked: undefined, answer: '' });
    if (holder?.state !== 'HELD') return 'done';
    holder.state = 'RELEASED';
    for (const coupon of coupons.filter((coupon) => coupon.holder === id)) free(coupon);
    return 'done';
  }

  return {
    campaigns,
    coupons,
    told,
    today: () => day,
    isOut,
    make(terms: Terms, limit: number, budget: bigint): Campaign {
      const campaign: Campaign = { number: campaigns.length, terms, limit, budget, state: 'ACTIVE', codes: [], redeemed: new Set() };
      campaigns.push(campaign);
      return campaign;
    },
    move(campaign: Campaign, state: Campaign['state']): string {
      if (campaign.state === 'ENDED' && state !== 'ENDED') return 'CAMPAIGN_ENDED';
      campaign.state = state;
      return 'done';
    },
    widen(campaign: Campaign, limit: number, budget: bigint): string {
      if (campaign.state === 'ENDED') return 'CAMPAIGN_ENDED';
      const isNarrower = (next: bigint, now: bigint) => next > 0n && (now === 0n || next < now);
      if (isNarrower(BigInt(limit), BigInt(campaign.limit)) || isNarrower(budget, campaign.budget)) return 'CAMPAIGN_NOT_NARROWED';
      campaign.limit = limit || campaign.limit;
      campaign.budget = budget || campaign.budget;
      return 'done';
    },
    /** Answers with all codes that the campaign has then, as the service made them up. */
    makeCodes(campaign: Campaign, count: number, all: readonly string[]): string {
      if (campaign.terms.codeKind !== 'UNIQUE') return 'CAMPAIGN_HAS_NO_CODES';
      if (campaign.state === 'ENDED') return 'CAMPAIGN_ENDED';
      const known = campaign.codes.every((code, place) => code === all[place]);
      if (!known || all.length !== campaign.codes.length + count) return `the codes before, and ${count} more`;
      campaign.codes = all;
      return all.join(' ');
    },
    grant: (campaign: Campaign, owner: string, id?: string) => issue(campaign, owner, 'GRANT', id),
    claim(campaign: Campaign, owner: string, id?: string): string {
      // The door looks at what it knows first, and Postgres at what it asks first.
      const why = [
        ...(campaign.terms.claimable ? [] : ['CAMPAIGN_NOT_OPEN']),
        ...(has(owner, campaign, 'CLAIM') > 0 ? ['ALREADY_CLAIMED'] : []),
        ...whyNone(campaign, owner),
      ];
      return why.length > 0 ? why.join(' or ') : issue(campaign, owner, 'CLAIM', id);
    },
    redeemShared(campaign: Campaign, owner: string, id?: string): string {
      if (campaign.terms.codeKind !== 'SHARED') return 'CODE_NOT_FOUND';
      return has(owner, campaign, 'CODE') > 0 ? 'ALREADY_CLAIMED' : issue(campaign, owner, 'CODE', id);
    },
    redeemUnique(campaign: Campaign, code: string, owner: string, id?: string): string {
      // Whoever was refused for something else may have come before the one who used it.
      const why = [...(campaign.redeemed.has(code) ? ['CODE_USED'] : []), ...whyNone(campaign, owner)];
      if (why.length > 0) return why.join(' or ');
      campaign.redeemed.add(code);
      return issue(campaign, owner, 'CODE', id);
    },
    /** In the order in which a list is served. */
    handOut(campaign: Campaign, owners: readonly string[]): string {
      let [given, skipped] = [0, 0];
      for (const owner of owners) {
        const answer = issue(campaign, owner, 'LIST');
        if (answer === 'done') given++;
        else if (answer === 'ALREADY_CLAIMED') skipped++;
        else return `${given} given, ${skipped} skipped, ${answer}`;
      }
      return `${given} given, ${skipped} skipped, `;
    },
    welcome(owner: string): string {
      for (const campaign of campaigns.filter(({ terms, state }) => terms.welcome && state === 'ACTIVE'))
        if (has(owner, campaign, 'WELCOME') === 0) issue(campaign, owner, 'WELCOME');
      return 'done';
    },
    close(owner: string): string {
      for (const coupon of coupons) if (coupon.owner === owner && coupon.state === 'ISSUED') revoke(coupon);
      return 'done';
    },
    revoke,
    reserve(id: string, asked: Asked): string {
      const holder = holders.get(id);
      if (holder?.state === 'RELEASED') return 'HOLDER_RELEASED';
      if (holder) return holder.asked === asked ? holder.answer : 'HOLDER_DIFFERS';
      const discounts = price(asked);
      if (!discounts) return 'COUPON_NOT_USABLE';
      for (const [place, coupon] of asked.coupons.entries()) {
        move(coupon, 'RESERVED', id, discounts[place]);
        tell('Reserved', coupon, id);
      }
      holders.set(id, { state: 'HELD', asked, answer: `${sum(discounts)} off` });
      return `${sum(discounts)} off`;
    },
    commit(id: string): string {
      const holder = holders.get(id);
      if (holder?.state === 'RELEASED') return 'HOLDER_RELEASED';
      if (holder?.state !== 'HELD') return 'done';
      holder.state = 'COMMITTED';
      for (const coupon of coupons.filter((coupon) => coupon.holder === id)) {
        move(coupon, 'USED', id, coupon.discount);
        tell('Used', coupon, id);
      }
      return 'done';
    },
    release,
    giveBack(id: string, less: ReadonlyMap<Coupon, bigint>, inFull: boolean): string {
      for (const coupon of coupons.filter(({ holder, state }) => holder === id && state === 'USED')) {
        coupon.discount -= least(coupon.discount, less.get(coupon) ?? 0n);
        if (inFull && coupon.campaign.terms.returned && coupon.expireDay > day) free(coupon);
      }
      return 'done';
    },
    shift(days: number): void {
      day += days;
      for (const [id, { state, asked }] of holders) if (state === 'HELD' && (asked!.expireDay ?? Infinity) <= day) release(id);
      for (const coupon of coupons) expireDue(coupon);
    },
    /** What is to be seen of a campaign. */
    shows(campaign: Campaign) {
      const inState = (state: Coupon['state']) => of(campaign).filter((coupon) => coupon.state === state);
      const count = (state: Coupon['state']) => inState(state).length;
      const money = (state: Coupon['state']) => sum(inState(state).map(({ discount }) => discount));
      const bySource = (source: Source) => of(campaign).filter((coupon) => coupon.source === source).length;
      return {
        state: campaign.state,
        issued: issued(campaign),
        spent: spent(campaign),
        given: of(campaign).length,
        states: (['ISSUED', 'RESERVED', 'USED', 'EXPIRED', 'REVOKED'] as const).map(count),
        sources: (['GRANT', 'LIST', 'CODE', 'CLAIM', 'WELCOME'] as const).map(bySource),
        used: money('USED'),
        held: money('RESERVED'),
        codes: [campaign.codes.length, campaign.redeemed.size],
      };
    },
    holderStates: () => new Map([...holders].map(([id, { state }]) => [id, state])),
  };
}
