// `npm run ops -- rebuild my-page`: what operators do now and then, through the door of the stack that runs from this checkout.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMoa } from '@moa/client/node';
import { Rebuild_Step } from '@moa/contracts/user/v1/my_page_admin_service';
import { adminCode } from './admin-code.js';
import { root } from './services.js';
import { runningStack } from './stack.js';

const USAGE = `npm run ops -- <command>
  rebuild my-page   makes My Page's copies anew from the streams and their owners, and puts right what differs, while it is served`;
const LOOK_AGAIN_MS = 500;

async function rebuildMyPage(): Promise<void> {
  const stack = runningStack(join(root, '.moa'));
  if (!stack) throw new Error('Moa does not run from this checkout: npm start');
  const { publicUrl, doorAuthority, admin } = stack;
  const moa = connectMoa(publicUrl, { rootCertificates: doorAuthority === undefined ? undefined : readFileSync(doorAuthority) });
  try {
    await moa.signIn(admin.email, admin.password, { code: () => adminCode(stack) });
    const { rebuild: started } = await moa.myPageAdmin.rebuildMyPage({});
    for (let said = ''; ; await sleep(LOOK_AGAIN_MS)) {
      const { rebuild } = await moa.myPageAdmin.getRebuild({ id: started!.id });
      const { step, eventCount, ownedCount, changedCount, removedCount, lastError } = rebuild!;
      const now = `${eventCount} events and more read, ${ownedCount} things asked of their owners${lastError && `; the last try ended with: ${lastError}`}`;
      if (now !== said) console.log(now);
      said = now;
      if (step !== Rebuild_Step.STEP_DONE) continue;
      console.log(`Done: ${changedCount} rows were missing or different, ${removedCount} belonged to nothing.`);
      return;
    }
  } finally {
    moa.close();
  }
}

const [command, what] = process.argv.slice(2);
try {
  if (command !== 'rebuild' || what !== 'my-page') throw new Error(USAGE);
  await rebuildMyPage();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
