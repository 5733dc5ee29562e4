// What mail this service sends, and how long it tries.

/** What changed about the ways to sign in to an account. */
export type SignInMethodChange = 'IDENTITY_LINKED' | 'IDENTITY_UNLINKED' | 'SECOND_FACTOR_ADDED' | 'SECOND_FACTOR_REMOVED';

export type Notice =
  | { readonly kind: 'VERIFY_EMAIL' | 'RESET_PASSWORD'; readonly token: string; readonly minutes: number }
  | { readonly kind: 'ACCOUNT_EXISTS' | 'PASSWORD_CHANGED' | 'SESSION_REUSED' }
  | { readonly kind: 'SIGN_IN_METHOD_CHANGED'; readonly what: SignInMethodChange }
  /** Times in RFC 3339. */
  | { readonly kind: 'SETTLEMENT_ACCOUNT_CHANGED'; readonly changeTime: string; readonly usableFrom: string };

/** Never sent: it stands where a mail would be, so that whether there is one shows in no time that a call takes. */
export interface NoMail {
  readonly kind: 'NONE';
}

export type Mail = { readonly to: string } & (Notice | NoMail);

/** How long the tokens in mails are good. */
export const VERIFY_MINUTES = 60;
export const RESET_MINUTES = 30;
/** Between two mails to one account that anybody may ask for. */
export const UNASKED_MAIL_GAP_MS = 120_000;

const PAUSES_MS = [1_000, 5_000, 30_000, 120_000, 600_000];
const GIVE_UP_AFTER_MS = 86_400_000;

/** How long to wait after this many tries. */
export const mailPauseMs = (tries: number): number => PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1]!;

/** Nobody waits for it any more. */
export const isHopeless = (createTime: Date, at: Date): boolean => at.getTime() - createTime.getTime() >= GIVE_UP_AFTER_MS;
