// Sends what is queued: at least once, and as one mail. Any number of copies may work at it, and any may die.
import { crashPoint, type Database, type Host, type JobRun, type Origin, type Secret } from '@moa/kit';
import { Counter, Gauge } from 'prom-client';
import { isHopeless, mailPauseMs } from '../domain/mail.js';
import type { PrismaClient } from '../generated/client.js';
import { countMail, forgetMail, type LeasedMail, leaseMail, postponeMail } from '../store/mail.js';
import { openMail } from './queued-mail.js';
import { SEND_TIMEOUT_MS, SENDING_AT_MOST, type SendOut } from './smtp.js';
import { textOf } from './texts.js';

// Longer than a try may take, so that no mail is under way twice while its sender lives.
const LEASE_MS = SEND_TIMEOUT_MS + 10_000;

interface Sender {
  readonly db: Database<PrismaClient>;
  readonly sealingKey: Secret;
  readonly sendOut: SendOut;
}

/** The job's work. The registry learns what came of it: moa_mails_total, moa_mails_waiting. */
export function sendMail({ db, sealingKey, sendOut }: Sender, { clock, log, registry }: Pick<Host, 'clock' | 'log' | 'registry'>) {
  const tries = new Counter({ name: 'moa_mails_total', help: 'Tries to send a mail', labelNames: ['outcome'], registers: [registry] });
  const waiting = new Gauge({ name: 'moa_mails_waiting', help: 'Mails not yet sent, as far as the last look saw', registers: [registry] });

  return async (run: JobRun): Promise<void> => {
    while (!run.signal.aborted) {
      const now: Origin = { at: clock.now(), trace: run.trace };
      const mails = await leaseMail(db, now, SENDING_AT_MOST, LEASE_MS);
      if (mails.length === 0) break;
      // Each comes to its end, also when the database fails another's: nothing is under way when the job is over.
      const ends = await Promise.allSettled(mails.map((mail) => finish(now.at, mail)));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    }
    waiting.set(await countMail(db));
  };

  async function finish(at: Date, mail: LeasedMail): Promise<void> {
    if (mail.kind === 'NONE') return forgetMail(db, mail.id);
    try {
      const { to, ...notice } = openMail(sealingKey, mail);
      await sendOut({ id: mail.id, to, time: mail.createTime, ...textOf(notice) });
    } catch (error) {
      return putOff(at, mail, error as MailError);
    }
    crashPoint('mail.sent');
    tries.inc({ outcome: 'sent' });
    await forgetMail(db, mail.id);
  }

  async function putOff(at: Date, mail: LeasedMail, { name, code = name, responseCode }: MailError): Promise<void> {
    const hopeless = isHopeless(mail.createTime, at);
    tries.inc({ outcome: hopeless ? 'given_up' : 'failed' });
    // Codes only: what a server says has the address in it.
    const facts = { mail: mail.id, kind: mail.kind, tries: mail.tries, code, answer: responseCode };
    if (hopeless) {
      log.error(facts, 'mail given up');
      return forgetMail(db, mail.id);
    }
    log.warn(facts, 'mail not sent');
    await postponeMail(db, mail, new Date(at.getTime() + mailPauseMs(mail.tries)));
  }
}

type MailError = Error & { readonly code?: string; readonly responseCode?: number };
