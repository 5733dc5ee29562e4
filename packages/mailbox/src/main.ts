import { readMailboxConfig } from './config.js';
import { startMailbox } from './mailbox.js';

const mailbox = await startMailbox(readMailboxConfig());
console.log(`mailbox at ${mailbox.smtpUrl}, shown at ${mailbox.url}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    mailbox.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
