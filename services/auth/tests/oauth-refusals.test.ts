// What a provider's answer may have wrong with it, and what the caller is told: the same for all of it that is no accident.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import { reasonOf, retryAfterMsOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startAuthProcess } from './mail-support.js';
import { openOAuth, somebody, verified } from './oauth-support.js';
import { CLIENT, callbackOf, logIn, type Person, REDIRECT_URI, startProvider } from './provider.js';
import { refusal } from './support.js';

const house = await openOAuth('oauth-refusals');
const { bed, comeBack, database, google, oauth } = house;

const finish = async (browser: Awaited<ReturnType<typeof comeBack>>) => refusal(oauth.finishOAuth(browser));

/** What somebody is told, and that nothing came of it. */
async function toldTo(person: Person, provider = 'google') {
  const error = await finish(await comeBack(person, provider));
  const { rows } = await database.query('SELECT FROM identity WHERE subject = $1', [person.sub]);
  assert.is(rows.length, 0);
  return error;
}

/** Another copy, whose log is read. */
const logging = startAuthProcess(house, { LOG_LEVEL: 'info' });

/** What the log says of it: nothing else tells the refusals apart. */
const ID_TOKEN_FAULTS = {
  'wrong nonce': '"nonce" claim value',
  'wrong audience': '"aud" (audience) claim value',
  'wrong issuer': '"iss" (issuer) claim value',
  expired: 'expiration is past current timestamp',
  'foreign key': 'JWT signature verification failed',
  'not signed': '"alg" header parameter',
  'no id token': '"id_token" property must be a string',
} as const;

for (const fault of Object.keys(ID_TOKEN_FAULTS) as (keyof typeof ID_TOKEN_FAULTS)[]) {
  test(`an id token is refused: ${fault}`, async () => {
    const { code, details } = await toldTo(verified(undefined, fault));
    assert.equal([code, details], [status.PERMISSION_DENIED, 'OAUTH_REFUSED']);
  });
}

test('the log says why somebody was refused, and nothing of them or of what they brought', async () => {
  const entries = () =>
    logging
      .said()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const { address } = await until(() => entries().find(({ msg }) => msg === 'ready'));
  const client = bed.connect(OAuthServiceDefinition, address);
  const secrets: string[] = [];
  for (const [fault, why] of Object.entries(ID_TOKEN_FAULTS)) {
    const person = verified(undefined, fault as keyof typeof ID_TOKEN_FAULTS);
    const { authorizationUrl, flowToken } = await client.startOAuth({ provider: 'google', redirectUri: REDIRECT_URI });
    const callback = callbackOf(await logIn(authorizationUrl, person));
    await refusal(client.finishOAuth({ flowToken, callback, device: '' }));
    await until(() => entries().some((entry) => entry.reason === 'OAUTH_REFUSED' && entry.why?.includes(why)));
    secrets.push(person.sub, person.email, flowToken, callback.state, callback.outcome!.value, CLIENT.clientSecret);
  }
  for (const secret of secrets) assert.not.ok(logging.said().includes(secret), secret);
});

test('UserInfo about somebody else than the id token is refused', async () => {
  assert.is(reasonOf(await toldTo(verified(undefined, 'changed subject'), 'strict')), 'OAUTH_REFUSED');
});

test('a code that was spent is refused', async () => {
  const first = await comeBack(somebody());
  await oauth.finishOAuth(first);
  const second = await comeBack(somebody());
  const callback = { ...second.callback, outcome: first.callback.outcome };
  assert.is(reasonOf(await finish({ ...second, callback })), 'OAUTH_REFUSED');
});

test('a code that nobody gave is refused', async () => {
  const browser = await comeBack(somebody());
  const callback = { ...browser.callback, outcome: { $case: 'code' as const, value: randomUUID() } };
  assert.is(reasonOf(await finish({ ...browser, callback })), 'OAUTH_REFUSED');
});

test('everything that is wrong with flow token, state or code is refused alike', async () => {
  const browser = await comeBack(somebody());
  const another = await comeBack(somebody());
  const withState = (state: string) => ({ ...browser, callback: { ...browser.callback, state } });
  const errors = [
    await finish({ ...browser, flowToken: 'made up' }),
    await finish(withState('made up')),
    await finish(withState(another.callback.state)),
    await finish({ ...browser, flowToken: another.flowToken }),
    await toldTo(verified(undefined, 'foreign key')),
  ];
  const told = errors.map(({ code, details, metadata }) => [code, details, metadata.get('grpc-status-details-bin').length]);
  assert.equal(new Set(told.map(String)).size, 1, String(told));
  assert.ok((await oauth.finishOAuth(browser)).tokens, 'wrong guesses cost the right page nothing');
});

test('who said no at the provider is told so, and the flow is over', async () => {
  const browser = await comeBack(somebody({ fault: 'denies' }));
  assert.equal(browser.callback.outcome, { $case: 'error', value: 'access_denied' });
  const error = await finish(browser);
  assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'OAUTH_DENIED']);
  assert.is(reasonOf(await finish(browser)), 'OAUTH_REFUSED');
});

test('a no that comes with a made-up state is no news', async () => {
  const browser = await comeBack(somebody({ fault: 'denies' }));
  assert.is(reasonOf(await finish({ ...browser, callback: { ...browser.callback, state: 'made up' } })), 'OAUTH_REFUSED');
});

test('another error of the provider is refused, and one that passes is told as that', async () => {
  const saying = async (value: string) => {
    const browser = await comeBack(somebody());
    return reasonOf(await finish({ ...browser, callback: { ...browser.callback, outcome: { $case: 'error', value } } }));
  };
  assert.equal([await saying('invalid_scope'), await saying('temporarily_unavailable')], ['OAUTH_REFUSED', 'PROVIDER_UNAVAILABLE']);
});

test('while the provider is away the caller is told when to come again, and the flow can still be finished', async () => {
  const browser = await comeBack(somebody());
  await google.beAway(true);
  const error = await finish(browser);
  await google.beAway(false);
  assert.equal([error.code, reasonOf(error)], [status.UNAVAILABLE, 'PROVIDER_UNAVAILABLE']);
  assert.ok(retryAfterMsOf(error)! > 0);
  assert.ok((await oauth.finishOAuth(browser)).tokens);
});

test('a provider that takes the call and says nothing is given up', async () => {
  assert.is(reasonOf(await toldTo(somebody({ fault: 'says nothing' }))), 'PROVIDER_UNAVAILABLE');
});

test('a provider that cannot be reached starts no flow, and is asked again by the next who comes', async () => {
  const left = await startProvider('id-token');
  await left.close();
  const gone = left.settings('gone');
  const copy = await house.start({ OAUTH_PROVIDERS: JSON.stringify([gone, google.settings('google')]) });
  const error = await refusal(copy.oauth.startOAuth({ provider: 'gone', redirectUri: REDIRECT_URI }));
  assert.equal([error.code, reasonOf(error)], [status.UNAVAILABLE, 'PROVIDER_UNAVAILABLE']);
  await google.beAway(true);
  const start = () => copy.oauth.startOAuth({ provider: 'google', redirectUri: REDIRECT_URI });
  assert.is(reasonOf(await refusal(start())), 'PROVIDER_UNAVAILABLE');
  await google.beAway(false);
  const { authorizationUrl, flowToken } = await start();
  const callback = callbackOf(await logIn(authorizationUrl, somebody()));
  assert.ok((await copy.oauth.finishOAuth({ flowToken, callback, device: '' })).tokens);
});

test('a provider is asked once what it can do, however many start at once', async () => {
  const copy = await house.start();
  const before = await google.timesAsked();
  const start = () => copy.oauth.startOAuth({ provider: 'google', redirectUri: REDIRECT_URI });
  await Promise.all(Array.from({ length: 20 }, start));
  assert.is((await google.timesAsked()) - before, 1);
});

test('a provider that says it is another issuer than it was configured as is not used', async () => {
  const { port } = new URL(google.issuer);
  const settings = { ...google.settings('google'), issuer: `http://localhost:${port}` };
  const copy = await house.start({ OAUTH_PROVIDERS: JSON.stringify([settings]) });
  assert.is(reasonOf(await refusal(copy.oauth.startOAuth({ provider: 'google', redirectUri: REDIRECT_URI }))), 'PROVIDER_UNAVAILABLE');
});

test('redirect URIs are taken to the letter', async () => {
  for (const redirectUri of [
    `${REDIRECT_URI}/`,
    `${REDIRECT_URI}/more`,
    `${REDIRECT_URI}?next=https://evil.example`,
    `${REDIRECT_URI}#fragment`,
    REDIRECT_URI.replace('callback', 'Callback'),
    REDIRECT_URI.replace('shop.', 'SHOP.'),
    REDIRECT_URI.replace('https:', 'http:'),
    REDIRECT_URI.replace('/oauth', ':443/oauth'),
    REDIRECT_URI.replace('/oauth', '/x/../oauth'),
    REDIRECT_URI.replace('.example', '.example.evil.example'),
    REDIRECT_URI.slice(0, -1),
  ]) {
    const error = await refusal(oauth.startOAuth({ provider: 'google', redirectUri }));
    assert.equal([error.code, reasonOf(error)], [status.INVALID_ARGUMENT, 'REDIRECT_URI_REFUSED'], redirectUri);
  }
});

test('mix-up: a code that another provider is said to have given is sent to nobody', async () => {
  const browser = await comeBack(somebody());
  const callback = { ...browser.callback, iss: house.strict.issuer };
  assert.is(reasonOf(await finish({ ...browser, callback })), 'OAUTH_REFUSED');
  const silent = await comeBack(somebody());
  assert.is(
    reasonOf(await finish({ ...silent, callback: { ...silent.callback, iss: '' } })),
    'OAUTH_REFUSED',
    'it says that it always tells',
  );
});

test('mix-up: a code of one provider finishes no flow of another', async () => {
  const [attackers, victims] = [await comeBack(somebody(), 'strict'), await comeBack(somebody(), 'google')];
  const callback = { ...victims.callback, outcome: attackers.callback.outcome };
  assert.is(reasonOf(await finish({ ...victims, callback })), 'OAUTH_REFUSED');
});

test.after(async () => {
  await logging.stop();
  await house.close();
});
test.run();
