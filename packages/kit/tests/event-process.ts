// The user service's relay and a consumer that counts its events, in a process of its own that a test may kill.
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import { hostVariables, on, openHost, readConfig } from '../src/index.js';
import { countUp, openTallies, type TallyDatabase } from './support.js';

// The part that this process plays: relay, consumer, or both.
const parts = process.argv[2]!.split(',');
const host = await openHost('user', readConfig(hostVariables, process.env));
const db: TallyDatabase = openTallies(host);
if (parts.includes('relay')) await host.relay(db);
if (parts.includes('consumer')) {
  host.consume('count', db, [
    on(ProfileUpdated, async ({ accountId }, tx: Parameters<typeof countUp>[0]) => void (await countUp(tx, `seen ${accountId}`))),
  ]);
}
const running = await host.listen();
process.stdout.write('ready\n');
process.once('SIGTERM', async () => {
  await running.stop();
  process.exit(0);
});
