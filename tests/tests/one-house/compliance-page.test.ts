// Every command of docs/compliance.md, as it stands there, from the door on. Needs grpcurl and jq: where they are not, nothing is tried, and that is told.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Role } from '@moa/contracts/options/v1/options';
import { appCode } from '@moa/stack';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type House, PASSWORD, theHouse } from '../house.js';
import { mailedToken } from '../mailed-token.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;

const house = has('grpcurl') && has('jq') ? await theHouse() : undefined;

/** Email and recovery codes of somebody with the role. */
async function officer(house: House) {
  const moa = await house.person();
  const { account } = await moa.auth.getMyAccount({});
  await moa.auth.verifyEmail({ token: await mailedToken(house.stack, account!.email) });
  const { secret } = await moa.auth.enrollTotp({});
  const { recoveryCodes } = await moa.auth.confirmTotp({ code: appCode(house.stack, secret) });
  await (await house.admin()).accountAdmin.grantRole({ accountId: account!.id, role: Role.ROLE_COMPLIANCE });
  return { email: account!.email, code: () => recoveryCodes.pop()! };
}

async function talk(house: House) {
  const { projectId } = await house.liveProject(await house.seller());
  const [author, { room }] = [await house.person(), await until(() => house.visitor().chat.getRoom({ projectId }))];
  await author.chat.joinRoom({ roomId: room!.id, nickname: '하늘' });
  for (const text of ['계좌로 송금해 주세요', '농담입니다']) await author.chat.sendMessage({ roomId: room!.id, text });
  await author.chat.deleteMessage({ roomId: room!.id, sequence: 1n });
  const { account } = await author.auth.getMyAccount({});
  return { roomId: room!.id, authorId: account!.id };
}

test('every command of the page for compliance officers does what the page says', async () => {
  if (!house) return console.log('not tried: grpcurl or jq is not here');
  const [first, second, { roomId, authorId }] = await Promise.all([officer(house), officer(house), talk(house)]);
  const page = readFileSync(join(ROOT, 'docs/compliance.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((block) => block[1]!);
  const [signIn, ...rest] = blocks.map((block) => block.replace('localhost:8080', new URL(house.stack.publicUrl).host));
  const folder = mkdtempSync(join(tmpdir(), 'moa-compliance-'));
  // The second person signs in by the same commands.
  const script = [
    'set -eu -o pipefail',
    `trap 'echo "failed: $BASH_COMMAND"' ERR`,
    `cd ${folder}; ln -s ${join(ROOT, 'package.json')} ${join(ROOT, 'packages')} .`,
    `(EMAIL=${second.email} CODE=${second.code()}\n${signIn}\necho $TOKEN > second)`,
    signIn,
    'SECOND=$(cat second)',
    ...rest,
  ].join('\n');
  const variables = {
    PATH: process.env['PATH']!,
    HOME: folder,
    EMAIL: first.email,
    PASSWORD,
    CODE: first.code(),
    ROOM: roomId,
    AUTHOR: authorId,
  };
  const child = spawn('bash', ['-c', script], { env: variables });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (printed += data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  rmSync(folder, { recursive: true });
  assert.is(code, 0, printed.slice(-3_000));
  assert.match(printed, /계좌로 송금해 주세요/);
  assert.match(printed, /"intact": true/);
  assert.not.match(printed, /"faults"/);
  console.log(`\n» ${blocks.join('').split('\n').filter(Boolean).length} lines of commands tried`);
});

test.run();
