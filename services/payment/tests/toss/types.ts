// What the API of Toss Payments shows, in the version 2022-11-16, as far as its adapter and the tests look at it.

const KOREA_MS = 9 * 3_600_000;

/** As Toss writes times: those of Korea. */
export const korea = (timeMs = Date.now()): string => `${new Date(timeMs + KOREA_MS).toISOString().slice(0, 19)}+09:00`;

export interface TossPayment {
  readonly mId: string;
  readonly version: string;
  readonly paymentKey: string;
  readonly type: 'NORMAL' | 'BILLING';
  readonly orderId: string;
  readonly orderName: string;
  readonly method: string | null;
  readonly currency: string;
  readonly country: string;
  readonly status: 'READY' | 'IN_PROGRESS' | 'DONE' | 'CANCELED' | 'PARTIAL_CANCELED' | 'ABORTED' | 'EXPIRED';
  readonly requestedAt: string;
  readonly approvedAt: string | null;
  readonly totalAmount: number;
  readonly balanceAmount: number;
  readonly isPartialCancelable: boolean;
  readonly lastTransactionKey: string | null;
  readonly card: { readonly issuerCode: string; readonly acquirerCode: string; readonly number: string; readonly amount: number } | null;
  readonly cancels: readonly TossCancel[] | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly checkout: { readonly url: string } | null;
}

export interface TossCancel {
  readonly transactionKey: string;
  readonly cancelReason: string;
  readonly cancelAmount: number;
  readonly refundableAmount: number;
  readonly canceledAt: string;
  readonly cancelStatus: 'DONE';
  readonly cancelRequestId: null;
}

export interface Transaction {
  readonly mId: string;
  readonly transactionKey: string;
  readonly paymentKey: string;
  readonly orderId: string;
  readonly status: string;
  readonly currency: string;
  readonly amount: number;
  readonly transactionAt: string;
}

/** An answer in the form `{code, message}`. */
export class TossError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
