// The composition: the messages, and the two ways to them.

import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { MailboxConfig } from './config.js';
import { makeHttpServer } from './http.js';
import { openMessages } from './messages.js';
import { makeSmtpServer } from './smtp.js';

const HOST = '127.0.0.1';

export interface RunningMailbox {
  /** Where mail goes: smtp://127.0.0.1:port. */
  readonly smtpUrl: string;
  /** Where it is shown: http://127.0.0.1:port. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a mailbox in this process. What it kept in the folder before is there again. */
export async function startMailbox(config: MailboxConfig): Promise<RunningMailbox> {
  const messages = await openMessages(config.dataFolder);
  const smtp = makeSmtpServer(messages);
  // A sender that goes away in the middle is no failure of ours; what fails to listen is told below.
  smtp.on('error', () => {});
  const http = makeHttpServer(messages);
  const stop = async () => {
    http.close();
    http.closeAllConnections();
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
    await messages.close();
  };
  try {
    const smtpPort = await listen(smtp.listen(config.smtpPort, HOST));
    const httpPort = await listen(http.listen(config.httpPort, HOST));
    return { smtpUrl: `smtp://${HOST}:${smtpPort}`, url: `http://${HOST}:${httpPort}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listen(server: Server): Promise<number> {
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
