import { Secret, TOTP } from 'otpauth';
import { clockOffsetMs } from './clock.js';
import type { StackFacts } from './stack.js';

/** What the first admin's authenticator app would show now, by the stack's clock. Each is good once. */
export const adminCode = ({ admin, clockFile }: Pick<StackFacts, 'admin' | 'clockFile'>): string =>
  new TOTP({ secret: Secret.fromBase32(admin.totpSecret) }).generate({ timestamp: Date.now() + clockOffsetMs(clockFile) });
