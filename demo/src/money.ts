import type { Money } from '@moa/contracts/type/v1/money';

export const krw = (won: number): Money => ({ currencyCode: 'KRW', amountMinor: BigInt(won) });
