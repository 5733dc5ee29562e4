// The call that the scenarios make: a pledge of the usual size, and the answer to it.

import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { CreatePledgeRequest, CreatePledgeResponse } from '@moa/contracts/funding/v1/pledge_service';

const id = (n: number) => `0198c2f4-6d1a-7c3e-9b00-00000000000${n}`;

export const request: CreatePledgeRequest = {
  requestId: id(1),
  projectId: id(2),
  lines: [{ rewardId: id(3), quantity: 2 }],
  extra: { currencyCode: 'KRW', amountMinor: 1_000n },
  billingMethodId: id(4),
  address: undefined,
  couponIds: [],
  pointsMinor: 0n,
};

export const response: CreatePledgeResponse = {
  pledge: {
    id: id(5),
    projectId: id(2),
    backerId: id(6),
    state: Pledge_State.STATE_ACTIVE,
    lines: [{ rewardId: id(3), quantity: 2 }],
    extra: { currencyCode: 'KRW', amountMinor: 1_000n },
    total: { currencyCode: 'KRW', amountMinor: 61_000n },
    billingMethodId: id(4),
    address: undefined,
    chargeAttempts: 0,
    nextChargeTime: undefined,
    refunded: undefined,
    shipment: undefined,
    refundRequest: undefined,
    late: false,
    couponIds: [],
    discount: { currencyCode: 'KRW', amountMinor: 0n },
    pointsMinor: 0n,
    charge: { currencyCode: 'KRW', amountMinor: 61_000n },
    createTime: new Date('2026-11-22T12:00:00Z'),
  },
};

export const requestBytes = Buffer.from(CreatePledgeRequest.encode(request).finish());
export const responseBytes = Buffer.from(CreatePledgeResponse.encode(response).finish());
export const PATH = '/moa.funding.v1.PledgeService/CreatePledge';
