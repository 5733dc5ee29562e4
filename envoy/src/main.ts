// `npm run edge -- explain [rpc]`: what holds for a call of an RPC, and where that is written.
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { explainRpc } from './explain/explain.js';
import { findRpcs, likeRpcs } from './explain/find-rpc.js';
import { coloured, plain, printExplanation, printNames, printTable } from './explain/print.js';

const USAGE = `npm run edge -- explain         every RPC, with who may call it, and how
npm run edge -- explain <rpc>   all about one: SignIn, AuthService/SignIn, or its full path`;

const [command, name, ...more] = process.argv.slice(2);
const paint = process.stdout.isTTY ? coloured : plain;

if (command !== 'explain' || more.length > 0) refuse(USAGE);
else if (name === undefined) console.log(printTable(listRpcs(), paint));
else explain(name);

function explain(wanted: string): void {
  const found = findRpcs(listRpcs(), wanted);
  if (found.length > 1) refuse(`Several RPCs are called "${wanted}":\n${printNames(found)}`);
  else if (found[0]) console.log(printExplanation(explainRpc(found[0]), paint));
  else refuse(`There is no RPC "${wanted}". ${otherWays(likeRpcs(listRpcs(), wanted))}`);
}

function otherWays(like: readonly Rpc[]): string {
  return like.length > 0 ? `Did you mean one of these?\n${printNames(like)}` : 'All of them: npm run edge -- explain';
}

function refuse(text: string): void {
  console.error(text);
  process.exitCode = 1;
}
