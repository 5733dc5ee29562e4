// Every npm script comes through here: brings the checkout up to date, then runs the command in this same process.
// Plain JavaScript without dependencies, because it runs before anything is installed.
const NODE_NEEDED = [20, 19];

const COMMANDS = {
  start: 'stack/dist/src/start.js',
  stack: 'stack/dist/src/control.js',
  ops: 'stack/dist/src/ops.js',
  test: 'tests/dist/src/run.js',
  edge: 'envoy/dist/src/main.js',
  check: 'tests/dist/src/check.js',
  demo: 'demo/dist/src/main.js',
  chaos: 'demo/dist/src/chaos/main.js',
  bench: 'bench/dist/src/main.js',
  reference: 'tests/dist/src/reference.js',
  build: undefined,
};

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor < NODE_NEEDED[1])) {
  stop(
    `Moa needs Node ${NODE_NEEDED.join('.')} or newer (24 is best), and this is ${process.version}. See https://nodejs.org, or use nvm, fnm or volta.`,
  );
}
const command = process.argv[2] ?? '';
if (!Object.hasOwn(COMMANDS, command)) stop(`Usage: node stack/run.mjs ${Object.keys(COMMANDS).join('|')}`);

const { setUp } = await import('./setup/set-up.mjs');
try {
  await setUp();
} catch (error) {
  stop(error.explained ?? error.stack);
}
if (COMMANDS[command]) {
  // The command sees its own arguments only.
  process.argv.splice(2, 1);
  await import(new URL(`../${COMMANDS[command]}`, import.meta.url));
}

function stop(message) {
  console.error(`\n${message}`);
  process.exit(1);
}
