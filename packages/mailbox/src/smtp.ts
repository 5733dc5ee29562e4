// The way in: SMTP, without accounts and without TLS, since only this machine gets here.

import { randomUUID } from 'node:crypto';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Message, Messages } from './messages.js';

export const MESSAGE_BYTES_AT_MOST = 256 * 1024;
const CONNECTIONS_AT_MOST = 50;
const RECIPIENTS_AT_MOST = 50;
const IDLE_MS = 60_000;
/** Who is in the middle of a message when the mailbox stops has no acknowledgement, and sends it again. */
const CLOSE_WITHIN_MS = 200;

const TOO_LARGE = { responseCode: 552 };
const TOO_MANY_RECIPIENTS = { responseCode: 452 };
const NOT_KEPT = { responseCode: 451 };

export function makeSmtpServer(messages: Messages): SMTPServer {
  return new SMTPServer({
    name: 'mailbox',
    banner: 'keeps mail for one machine, delivers nothing',
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: MESSAGE_BYTES_AT_MOST,
    maxClients: CONNECTIONS_AT_MOST,
    socketTimeout: IDLE_MS,
    closeTimeout: CLOSE_WITHIN_MS,
    disableReverseLookup: true,
    logger: false,
    onRcptTo(_, session, callback) {
      const isFull = session.envelope.rcptTo.length >= RECIPIENTS_AT_MOST;
      callback(isFull ? Object.assign(new Error(`at most ${RECIPIENTS_AT_MOST} recipients`), TOO_MANY_RECIPIENTS) : null);
    },
    onData(stream, session, callback) {
      receive(messages, stream, session).then(
        () => callback(null, 'kept'),
        (error) => callback(error.responseCode ? error : Object.assign(new Error('could not be kept'), NOT_KEPT)),
      );
    },
  });
}

// The server says that a message is kept when this has resolved: it is on the disk then.
async function receive(messages: Messages, stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    // To its end, or the answer would come in the middle of the message.
    if (!stream.sizeExceeded) chunks.push(chunk);
  }
  if (stream.sizeExceeded) throw Object.assign(new Error(`a message has at most ${MESSAGE_BYTES_AT_MOST} bytes`), TOO_LARGE);
  await messages.keep(await readMessage(Buffer.concat(chunks), session));
}

async function readMessage(raw: Buffer, { envelope }: SMTPServerSession): Promise<Message> {
  const { messageId, from, subject, text, date } = await PostalMime.parse(raw);
  const time = new Date(date ?? '');
  return {
    id: messageId?.replace(/^<|>$/g, '') || randomUUID(),
    from: from?.address ?? (envelope.mailFrom ? envelope.mailFrom.address : ''),
    to: envelope.rcptTo.map(({ address }) => address),
    subject: subject ?? '',
    text: text ?? '',
    time: (Number.isNaN(time.getTime()) ? new Date() : time).toISOString(),
  };
}
