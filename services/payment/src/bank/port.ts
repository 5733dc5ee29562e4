// What the service needs of a bank: money to a seller's account, once for each key.

export interface BankAccount {
  readonly bankCode: string;
  readonly accountNumber: string;
  readonly holderName: string;
}

export interface TransferOrder {
  readonly idempotencyKey: string;
  readonly account: BankAccount;
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** MADE: the money is there. REFUSED: nothing moved, and nothing will under this key. */
export type Transfer = { readonly state: 'MADE'; readonly id: string } | { readonly state: 'REFUSED'; readonly code: string };

/** Each throws OutcomeUnknown when it gets no answer: then the same call with the same key tells. */
export interface Bank {
  transfer(order: TransferOrder): Promise<Transfer>;
  /** None: nothing is booked under this key. It may still be under way, so what follows is the same transfer with the same key. */
  findTransfer(idempotencyKey: string): Promise<Transfer | undefined>;
}
