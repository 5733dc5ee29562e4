// A stack in a process of its own, to be killed.
import { startStack } from '../src/stack.js';

const stack = await startStack({ folder: process.argv[2]!, quiet: true }).catch((error) => {
  console.error(error.explained ?? error.stack);
  process.exit(1);
});
console.log(JSON.stringify({ publicUrl: stack.publicUrl, status: stack.status() }));
process.on('SIGTERM', async () => {
  await stack.stop();
  process.exit(0);
});
