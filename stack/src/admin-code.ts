import { Secret, TOTP } from 'otpauth';
import { clockOffsetMs } from './clock.js';
import type { StackFacts } from './stack.js';

/** What an authenticator app with a secret would show now, by the stack's clock. Each code is good once. */
export const appCode = ({ clockFile }: Pick<StackFacts, 'clockFile'>, secret: string): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + clockOffsetMs(clockFile) });

/** What the first admin's would show. */
export const adminCode = (stack: Pick<StackFacts, 'admin' | 'clockFile'>): string => appCode(stack, stack.admin.totpSecret);
