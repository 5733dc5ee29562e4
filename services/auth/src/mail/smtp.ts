// The way out: SMTP over a few connections that stay open for a while.
import type { Host, Secret } from '@moa/kit';
import { createTransport } from 'nodemailer';
import { isLoopback } from '../domain/loopback.js';
import type { MailText } from './texts.js';

const CONNECT_TIMEOUT_MS = 5_000;
const GREETING_TIMEOUT_MS = 5_000;
const DNS_TIMEOUT_MS = 5_000;
const SOCKET_TIMEOUT_MS = 10_000;
const IDLE_MS = 10_000;
/** For all steps of one mail together. */
export const SEND_TIMEOUT_MS = 30_000;
/** As many connections as are opened, and mails as are sent at once. */
export const SENDING_AT_MOST = 5;

export interface OutgoingMail extends MailText {
  readonly id: string;
  readonly to: string;
  readonly time: Date;
}

/** Resolves when the server has taken the mail. Nothing that it throws may be logged as it is: addresses are in it. */
export type SendOut = (mail: OutgoingMail) => Promise<void>;

/** smtps:// speaks TLS from the start, smtp:// after STARTTLS, which only a server on this machine need not offer. */
export function openSmtp(url: Secret, from: string, host: Pick<Host, 'onStop'>): SendOut {
  const server = new URL(url.reveal());
  const transport = createTransport({
    pool: true,
    url: url.reveal(),
    requireTLS: server.protocol === 'smtp:' && !isLoopback(server),
    maxConnections: SENDING_AT_MOST,
    // What fails is tried again by the job, which knows when.
    maxRequeues: 0,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    dnsTimeout: DNS_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    idleTimeout: IDLE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  host.onStop(() => transport.close());
  const domain = from.replace(/^.*@|>$/g, '');
  return async ({ id, to, time, subject, text }) => {
    await transport.sendMail({
      from,
      // As an address and not as a list of them, whatever is in it.
      to: { name: '', address: to },
      subject,
      text,
      // The same at each try, so that a mail that comes twice is seen to be one.
      messageId: `<${id}@${domain}>`,
      date: time,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
  };
}
