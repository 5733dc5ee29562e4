import { type PledgeSection, PledgeSummary_State, type Profile as ProfileProto } from '@moa/contracts/user/v1/user';
import { etagOf, type Profile } from './domain/profile.js';
import type { PledgesOfPerson } from './store/pledge-copies.js';

export const profileToProto = (profile: Profile, email: string): ProfileProto => ({
  accountId: profile.accountId,
  email,
  name: profile.name,
  phone: profile.phone,
  interestCategories: [...profile.interestCategories],
  addresses: [...profile.addresses],
  etag: etagOf(profile),
  createTime: profile.createTime,
});

export const pledgesToProto = ({ totalCount, liveCount, newest }: PledgesOfPerson): PledgeSection => ({
  totalCount,
  liveCount,
  newest: newest.map(({ id, projectId, projectTitle, state, currency, totalMinor, createTime }) => ({
    pledgeId: id,
    projectId,
    projectTitle,
    state: PledgeSummary_State[`STATE_${state}`],
    total: { currencyCode: currency, amountMinor: totalMinor },
    createTime,
  })),
});
