import { inspect } from 'node:util';
import { ConfigError, readConfig } from '@moa/kit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifiedEmailIn } from '../src/domain/oauth.js';
import { remember } from '../src/oauth/remember.js';
import { checkForProduction, providerList, redirectUriList } from '../src/oauth/settings.js';

const CLIENT = { clientId: 'moa', clientSecret: 'hunter2' };
const shape = { OAUTH_PROVIDERS: providerList().default([]), OAUTH_REDIRECT_URIS: redirectUriList().default([]) };

const read = (providers: unknown, redirectUris = '') =>
  readConfig(shape, {
    OAUTH_PROVIDERS: typeof providers === 'string' ? providers : JSON.stringify(providers),
    OAUTH_REDIRECT_URIS: redirectUris,
  });

/** What is wrong with the configuration, a line each, without its secrets. */
function problems(providers: unknown, redirectUris = ''): string {
  try {
    read(providers, redirectUris);
  } catch (error) {
    assert.instance(error, ConfigError);
    assert.not.match((error as Error).message, 'hunter2');
    return (error as Error).message;
  }
  return '';
}

test('Google, Kakao and Naver are known by name, any other provider by its issuer', () => {
  const { OAUTH_PROVIDERS: all } = read([
    { name: 'google', ...CLIENT },
    { name: 'kakao', ...CLIENT },
    { name: 'naver', ...CLIENT },
    { name: 'works', issuer: 'https://login.example/tenant', scope: 'openid profile email', ...CLIENT },
  ]);
  assert.equal(
    all.map(({ name, issuer, scope, repeatsState }) => [name, issuer.href, scope, repeatsState]),
    [
      ['google', 'https://accounts.google.com/', 'openid email', false],
      ['kakao', 'https://kauth.kakao.com/', 'openid account_email', false],
      ['naver', 'https://nid.naver.com/', 'openid', true],
      ['works', 'https://login.example/tenant', 'openid profile email', false],
    ],
  );
});

test('without configuration there are no providers', () => {
  assert.equal(readConfig(shape, {}), { OAUTH_PROVIDERS: [], OAUTH_REDIRECT_URIS: [] });
});

test('a configuration that is not usable says where, and no secret', () => {
  assert.match(problems('{hunter2'), /OAUTH_PROVIDERS: must be JSON/);
  assert.match(problems([{ name: 'works', ...CLIENT }]), /OAUTH_PROVIDERS\.0\.issuer: must be an https/);
  assert.match(problems([{ name: 'works', issuer: 'http://login.example', ...CLIENT }]), /OAUTH_PROVIDERS\.0\.issuer: must be an https/);
  assert.match(problems([{ name: 'google', clientId: 'moa', clientSecret: '' }]), /OAUTH_PROVIDERS\.0\.clientSecret/);
  assert.match(problems([{ name: 'google', secret: 'hunter2', clientId: 'moa' }]), /OAUTH_PROVIDERS\.0/);
  assert.match(problems([{ name: 'google', scope: 'email', ...CLIENT }]), /OAUTH_PROVIDERS\.0\.scope: must have openid/);
  const twice = { name: 'google', ...CLIENT };
  assert.match(problems([twice, twice]), /OAUTH_PROVIDERS: must have each name once/);
});

test('a redirect URI is an https URL in the form in which it is sent', () => {
  const good = ['https://shop.example/callback', 'http://localhost:5173/callback', 'http://127.0.0.1/callback'];
  assert.equal(read([], good.join('  ')).OAUTH_REDIRECT_URIS, good);
  for (const bad of [
    'http://shop.example/callback',
    'https://shop.example',
    'https://Shop.example/x',
    'https://shop.example/x?y',
    'app:/callback',
    'x',
  ])
    assert.match(problems([], bad), /OAUTH_REDIRECT_URIS\.0: must be an https/, bad);
});

test('production takes https only', () => {
  const local = read([{ name: 'works', issuer: 'http://127.0.0.1:8080', ...CLIENT }]);
  checkForProduction({ ...local, NODE_ENV: 'development' });
  assert.throws(() => checkForProduction({ ...local, NODE_ENV: 'production' }), /http:\/\/127\.0\.0\.1:8080\/ must be https/);
  const page = read([{ name: 'google', ...CLIENT }], 'http://localhost/callback');
  assert.throws(() => checkForProduction({ ...page, NODE_ENV: 'production' }), /http:\/\/localhost\/callback must be https/);
  checkForProduction({ ...read([{ name: 'google', ...CLIENT }], 'https://shop.example/callback'), NODE_ENV: 'production' });
});

test('the secret of a client is not printed with its settings', () => {
  const settings = read([{ name: 'google', ...CLIENT }]);
  for (const printed of [inspect(settings, { depth: null }), JSON.stringify(settings)]) assert.not.match(printed, 'hunter2');
  assert.is(settings.OAUTH_PROVIDERS[0]!.clientSecret.reveal(), 'hunter2');
});

test('an address counts when the provider plainly says that it is verified', () => {
  assert.is(verifiedEmailIn({ email: 'a@moa.example', email_verified: true }), 'a@moa.example');
  for (const claims of [
    { email: 'a@moa.example' },
    { email: 'a@moa.example', email_verified: false },
    { email: 'a@moa.example', email_verified: 'true' },
    { email: 'a@moa.example', email_verified: 1 },
    { email_verified: true },
    { email: ['a@moa.example'], email_verified: true },
    { email: 'not an address', email_verified: true },
    { email: 'a@moa.example\r\nBcc: b@moa.example', email_verified: true },
    { email: `${'a'.repeat(250)}@moa.example`, email_verified: true },
  ])
    assert.is(verifiedEmailIn(claims), null, JSON.stringify(claims));
});

test('an answer is kept for its time, and a failure for none', async () => {
  let [asked, atMs] = [0, 0];
  const answer = remember(
    1_000,
    async () => ++asked,
    () => atMs,
  );
  assert.equal(await Promise.all([answer(), answer()]), [1, 1]);
  atMs = 999;
  assert.is(await answer(), 1);
  atMs = 1_000;
  assert.is(await answer(), 2);
  const failing = remember(1_000, async () => Promise.reject(new Error(`failure ${++asked}`)));
  const failures = await Promise.allSettled([failing(), failing()]);
  assert.equal(
    failures.map((failure) => failure.status === 'rejected' && failure.reason.message),
    ['failure 3', 'failure 3'],
  );
  assert.match(await failing().catch(String), /failure 4/);
});

test.run();
