// What keeps an account open, and what the law tells us to keep of a closed one.
import { fail } from '../errors.js';

/** What is known of a person's business. */
export interface Business {
  readonly liveOrders: number;
  readonly livePledges: number;
  /** Newest of what was paid; null: nothing was. */
  readonly lastPaidTime: Date | null;
  /** Newest of what was given back. */
  readonly lastDisputeTime: Date | null;
  /** Pledges whose parcel has not arrived. */
  readonly parcels: number;
}

export interface KeptRecord {
  readonly kind: 'CONTRACTS' | 'PAYMENTS' | 'DISPUTES' | 'PARCELS';
  readonly reason: string;
  readonly until: Date | undefined;
}

/** Act on the Consumer Protection in Electronic Commerce, Enforcement Decree, article 6. */
const CONTRACT_YEARS = 5;
const DISPUTE_YEARS = 3;
const LAW = '전자상거래 등에서의 소비자보호에 관한 법률 시행령 제6조';

/** Throws ACCOUNT_HAS_ROLE, ACCOUNT_HAS_ORDERS, ACCOUNT_HAS_PLEDGES. */
export function checkClosable(roles: readonly string[], { liveOrders, livePledges }: Business): void {
  const role = roles.find((name) => name !== 'USER');
  if (role) throw fail('ACCOUNT_HAS_ROLE', { role });
  if (liveOrders > 0) throw fail('ACCOUNT_HAS_ORDERS', { count: liveOrders });
  if (livePledges > 0) throw fail('ACCOUNT_HAS_PLEDGES', { count: livePledges });
}

export function keptOf({ lastPaidTime, lastDisputeTime, parcels }: Business): KeptRecord[] {
  const kept: KeptRecord[] = [];
  if (lastPaidTime) {
    const until = yearsAfter(lastPaidTime, CONTRACT_YEARS);
    kept.push({ kind: 'CONTRACTS', reason: LAW, until }, { kind: 'PAYMENTS', reason: LAW, until });
  }
  if (lastDisputeTime) kept.push({ kind: 'DISPUTES', reason: LAW, until: yearsAfter(lastDisputeTime, DISPUTE_YEARS) });
  if (parcels > 0) kept.push({ kind: 'PARCELS', reason: '배송 및 반품', until: undefined });
  return kept;
}

function yearsAfter(time: Date, years: number): Date {
  const later = new Date(time);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}
