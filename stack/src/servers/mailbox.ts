// Where the services' mail goes: packages/mailbox as a process.
import { join } from 'node:path';
import { root } from '../services.js';
import { type ServerProcess, startProcess } from './process.js';

export interface MailboxPlan {
  readonly dataFolder: string;
  readonly smtpPort: number;
  readonly httpPort: number;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function startMailbox({ dataFolder, smtpPort, httpPort, ...starting }: MailboxPlan): Promise<ServerProcess> {
  return startProcess({
    name: 'mailbox',
    program: process.execPath,
    args: [join(root, 'packages/mailbox/dist/src/main.js')],
    env: { ...process.env, DATA_FOLDER: dataFolder, SMTP_PORT: String(smtpPort), HTTP_PORT: String(httpPort) },
    ready: async () => (await fetch(`http://127.0.0.1:${httpPort}/healthz`)).ok,
    ...starting,
  });
}
