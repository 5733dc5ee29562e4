import * as proto from '@moa/contracts/user/v1/points';
import type { PointBalance, PointEntry } from './domain/points.js';
import type { PointLot } from './generated/client.js';

export const balanceToProto = ({ nextExpireTime, ...amounts }: PointBalance): proto.PointBalance => ({
  ...amounts,
  nextExpireTime: nextExpireTime ?? undefined,
});

export const entryToProto = ({ id, kind, amountMinor, balanceMinor, reason, subjectId, createTime }: PointEntry): proto.PointEntry => ({
  id,
  kind: proto.PointEntry_Kind[`KIND_${kind}`],
  amountMinor,
  balanceMinor,
  reason,
  subjectId: subjectId ?? '',
  createTime,
});

export const lotToProto = ({ id, amountMinor, leftMinor, createTime, expireTime }: PointLot): proto.PointLot => ({
  id,
  amountMinor,
  leftMinor,
  createTime,
  expireTime,
});
