// Campaigns by chance, and the ways in which people come by their coupons.
import { randomUUID } from 'node:crypto';
import { type CampaignTerms, CampaignTerms_CodeKind } from '@moa/contracts/coupon/v1/coupon';
import type { Campaign, Terms } from './coupon-model.js';
import type { Attempt, Step, World } from './coupon-world.js';
import { bed, termsOf } from './support.js';

const KINDS = ['granted', 'claimable', 'shared', 'unique', 'welcome'] as const;
const CAMPAIGNS_AT_MOST = 12;

export function openIssueSteps(world: World, forgetClaims: (campaignId: string) => Promise<unknown>) {
  const { model, random, pick, chance, asStaff, people, ids, timeOf, noonIn, anyCampaign, jobEnded, nameOf, campaignName } = world;
  const codePrefix = `M${randomUUID().slice(0, 8)}X`;

  function make(kind: (typeof KINDS)[number]): Attempt {
    const fixed = chance(4) ? 0n : BigInt(500 + random(2_500));
    const terms: Terms = {
      fixed,
      percent: BigInt(5 + random(40)),
      cap: BigInt(random(2) * 1_500),
      minimum: chance(3) ? BigInt(3_000 + random(5_000)) : 0n,
      limitPerUser: chance(2) ? 0 : 1 + random(3),
      // Amounts that are fixed come to the same in any order.
      stackable: fixed > 0n && !chance(3),
      claimable: kind === 'claimable',
      welcome: kind === 'welcome',
      returned: chance(2),
      codeKind: kind === 'shared' ? 'SHARED' : kind === 'unique' ? 'UNIQUE' : 'NONE',
      startDay: chance(6) ? noonIn(2) : model.today(),
      endDay: chance(5) ? noonIn(20 + random(60)) : undefined,
      untilDay: chance(4) ? noonIn(10 + random(60)) : undefined,
      validDays: 3 + random(40),
    };
    const limit = kind === 'claimable' || chance(2) ? 2 + random(4) : 0;
    const budget = chance(2) ? BigInt(2_000 + random(4_000)) : 0n;
    const [requestId, number] = [randomUUID(), model.campaigns.length];
    return {
      what: `make campaign ${number} (${kind}), ${limit} coupons, budget ${budget}`,
      act: async ({ admin }) =>
        (await admin.createCampaign({ requestId, terms: asTold(terms, limit, budget, number) }, await asStaff())).campaign!.id,
      say(id) {
        ids.set(model.make(terms, limit, budget), id!);
        return id!;
      },
    };
  }

  // Looking at each after every step takes time.
  const makeAnother = (): Step => (model.campaigns.length < CAMPAIGNS_AT_MOST ? [make(pick(KINDS))] : []);

  const asTold = (terms: Terms, totalLimit: number, budgetMinor: bigint, number: number): CampaignTerms =>
    termsOf({
      discount: {
        kind:
          terms.fixed > 0n
            ? { $case: 'fixedMinor', value: terms.fixed }
            : { $case: 'percent', value: { basisPoints: Number(terms.percent) * 100, capMinor: terms.cap } },
      },
      minimumSpendMinor: terms.minimum,
      // Absent: at once.
      issueStartTime: terms.startDay > model.today() ? timeOf(terms.startDay) : undefined,
      issueEndTime: timeOf(terms.endDay),
      validity: {
        kind: terms.untilDay ? { $case: 'until', value: timeOf(terms.untilDay)! } : { $case: 'days', value: terms.validDays },
      },
      totalLimit,
      limitPerUser: terms.limitPerUser,
      stackable: terms.stackable,
      codeKind: CampaignTerms_CodeKind[`CODE_KIND_${terms.codeKind}`],
      sharedCode: terms.codeKind === 'SHARED' ? `${codePrefix}${number}` : '',
      claimable: terms.claimable,
      welcome: terms.welcome,
      budgetMinor,
      returnedOnRefund: terms.returned,
    });

  function move(): Attempt {
    const campaign = (chance(2) && pick(model.campaigns.filter(({ state }) => state === 'PAUSED'))) || anyCampaign();
    const next = campaign.state === 'PAUSED' ? (['resumeCampaign', 'ACTIVE'] as const) : (['pauseCampaign', 'PAUSED'] as const);
    const [rpc, state] = chance(16) ? (['endCampaign', 'ENDED'] as const) : next;
    const requestId = randomUUID();
    return {
      what: `${rpc} of ${campaignName(campaign)}`,
      act: async ({ admin }) => admin[rpc]({ requestId, id: ids.get(campaign)! }, await asStaff()).then(() => 'done'),
      say: () => model.move(campaign, state),
      once: true,
    };
  }

  function widen(): Attempt {
    const campaign = anyCampaign();
    // Now and then it is narrower.
    const totalLimit = chance(2) ? campaign.limit + random(5) : Math.max(0, campaign.limit - random(2));
    const budgetMinor = chance(2) ? campaign.budget + BigInt(random(3_000)) : 0n;
    const wider = { id: ids.get(campaign)!, name: '', totalLimit, budgetMinor, issueEndTime: undefined };
    return {
      what: `widen ${campaignName(campaign)} to ${totalLimit} coupons, budget ${budgetMinor}`,
      act: async ({ admin }) => admin.updateCampaign(wider, await asStaff()).then(() => 'done'),
      say: () => model.widen(campaign, totalLimit, budgetMinor),
    };
  }

  function makeCodes(): Attempt {
    const campaign = anyCampaign(({ terms }) => terms.codeKind === 'UNIQUE');
    const [requestId, count, campaignId] = [randomUUID(), 1 + random(4), ids.get(campaign)!];
    return {
      what: `make ${count} codes for ${campaignName(campaign)}`,
      async act({ admin }) {
        const { job } = await admin.generateCodes({ requestId, campaignId, count }, await asStaff());
        await jobEnded(job!.id);
        return (await admin.listCodes({ campaignId, pageSize: 0, pageToken: '' }, await asStaff())).codes.join(' ');
      },
      say: (codes) => model.makeCodes(campaign, count, codes?.split(' ') ?? []),
    };
  }

  function grant(campaign = anyCampaign()): Attempt {
    const [requestId, accountId] = [randomUUID(), pick(people)];
    const grantTo = (accountId: string): Attempt['act'] => {
      const request = { requestId, campaignId: ids.get(campaign)!, accountId };
      return async ({ admin }) => (await admin.grantCoupon(request, await asStaff())).coupon!.id;
    };
    return {
      what: `grant ${campaignName(campaign)} to ${nameOf(accountId)}`,
      act: grantTo(accountId),
      say: (id) => model.grant(campaign, accountId, id),
      once: true,
      otherBody: grantTo(randomUUID()),
    };
  }

  function handOut(): Attempt {
    const campaign = anyCampaign();
    const accountIds = Array.from({ length: 1 + random(4) }, () => pick(people));
    const [created, added, started, campaignId] = [randomUUID(), randomUUID(), randomUUID(), ids.get(campaign)!];
    return {
      what: `hand out ${campaignName(campaign)} to ${accountIds.map(nameOf)}`,
      async act({ admin }) {
        const token = await asStaff();
        const { job } = await admin.createIssueList({ requestId: created, campaignId }, token);
        await admin.addToIssueList({ requestId: added, jobId: job!.id, accountIds }, token);
        await admin.startIssueList({ requestId: started, jobId: job!.id }, token);
        const { done_count, skipped_count, stop_reason } = await jobEnded(job!.id);
        return `${done_count} given, ${skipped_count} skipped, ${stop_reason}`;
      },
      // A list is served by account.
      say: () => model.handOut(campaign, [...new Set(accountIds)].sort()),
      once: true,
    };
  }

  function claim(campaign: Campaign): Attempt {
    const [requestId, owner, campaignId] = [randomUUID(), pick(people), ids.get(campaign)!];
    return {
      what: `${nameOf(owner)} claims ${campaignName(campaign)}`,
      act: async ({ coupons }) => (await coupons.claimCoupon({ requestId, campaignId }, await bed.as(owner))).coupon!.id,
      say: (id) => model.claim(campaign, owner, id),
      claimOf: campaign,
      once: true,
    };
  }

  const forget = (campaign: Campaign): Attempt => ({
    what: `Redis forgets ${campaignName(campaign)}`,
    act: () => forgetClaims(ids.get(campaign)!).then(() => 'done'),
    say: () => 'done',
  });

  function rush(): Step {
    const campaign = anyCampaign((campaign) => campaign.terms.claimable && (!model.isOut(campaign) || chance(4)));
    const crowd = Array.from({ length: 2 + random(5) }, () => claim(campaign));
    return [...crowd, ...(chance(4) ? [grant(campaign)] : []), ...(chance(3) ? [forget(campaign)] : [])];
  }

  function redeem(): Step {
    const campaign = anyCampaign(({ terms, codes }) => terms.codeKind === 'SHARED' || codes.length > 0);
    const { codes, redeemed, number } = campaign;
    const fresh = codes.filter((code) => !redeemed.has(code));
    const code = chance(5) || fresh.length === 0 ? pick(codes) : pick(fresh);
    return Array.from({ length: chance(3) ? 3 : 1 }, () => {
      const [requestId, owner] = [randomUUID(), pick(people)];
      const redeemIt = (code: string): Attempt['act'] => {
        return async ({ coupons }) => (await coupons.redeemCode({ requestId, code }, await bed.as(owner))).coupon!.id;
      };
      return {
        what: `${nameOf(owner)} redeems ${code ? `code ${codes.indexOf(code)}` : 'the code'} of ${campaignName(campaign)}`,
        act: redeemIt(code ?? `${codePrefix}${number}`),
        say: (id?: string) => (code ? model.redeemUnique(campaign, code, owner, id) : model.redeemShared(campaign, owner, id)),
        once: true,
        otherBody: redeemIt('AAAA-BBBB-CCCC-DDDD'),
      } as const;
    });
  }

  return { kinds: KINDS, make, makeAnother, move, widen, makeCodes, grant, handOut, rush, redeem };
}
