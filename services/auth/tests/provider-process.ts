// An OpenID provider of its own process, which logs in whomever the login hint describes, and does wrong what that person's fault says.
// How it tells addresses is its kind: "id-token" puts them there, and takes the secret in the body; "user-info" has them in UserInfo only,
// and takes the secret as HTTP Basic.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { CLIENT, type Person, REDIRECT_URI } from './provider.js';

const isStrict = process.argv[2] === 'user-info';
const KID = 'the-key';
const DAY_S = 86_400;
const people = new Map<string, Person>();
const [ours, foreign] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')]);
let isAway = false;
let timesAsked = 0;

const server = createServer();
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: isStrict ? 'client_secret_basic' : 'client_secret_post',
    },
  ],
  clientAuthMethods: [isStrict ? 'client_secret_basic' : 'client_secret_post'],
  jwks: { keys: [{ ...(await exportJWK(ours.privateKey)), kid: KID, alg: 'RS256', use: 'sig' }] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: isStrict,
  cookies: { keys: ['only a test'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...addressOf(people.get(sub)!) }) }),
  // Who logs in consents to everything.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
    grant.addOIDCScope('openid email');
    await grant.save();
    return grant;
  },
});

const addressOf = ({ email, emailVerified }: Person) => ({ email, email_verified: emailVerified });

provider.use(async (context, next) => {
  if (context.path === '/away') {
    isAway = context.query['is'] === 'true';
    context.body = 'ok';
  } else if (context.path === '/times-asked') context.body = String(timesAsked);
  else if (isAway) context.status = 503;
  else if (context.path.startsWith('/interaction/')) await logIn(context);
  else {
    if (context.path === '/.well-known/openid-configuration') timesAsked++;
    await next();
    if (context.path === '/token' && context.status === 200) await spoil(context);
    if (context.path === '/me' && context.status === 200) spoilUserInfo(context);
  }
});

async function logIn({ req, res }: { req: KoaContextWithOIDC['req']; res: KoaContextWithOIDC['res'] }): Promise<void> {
  const { params } = await provider.interactionDetails(req, res);
  const person = JSON.parse(String(params['login_hint'])) as Person;
  people.set(person.sub, person);
  await provider.interactionFinished(
    req,
    res,
    person.fault === 'denies' ? { error: 'access_denied' } : { login: { accountId: person.sub } },
  );
}

interface TokenAnswer {
  id_token?: string;
}

async function spoil(context: { status: number; body: unknown; oidc?: KoaContextWithOIDC['oidc'] }): Promise<void> {
  const answer = context.body as TokenAnswer;
  const claims = decodeJwt(answer.id_token!);
  const signed = (changes: JWTPayload, { privateKey } = ours) =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'RS256', kid: KID }).sign(privateKey);
  switch (people.get(claims.sub!)!.fault) {
    case 'wrong nonce':
      answer.id_token = await signed({ nonce: 'of another flow' });
      break;
    case 'wrong audience':
      answer.id_token = await signed({ aud: 'another-client' });
      break;
    case 'wrong issuer':
      answer.id_token = await signed({ iss: 'https://another.example' });
      break;
    case 'expired':
      answer.id_token = await signed({ iat: claims.iat! - DAY_S, exp: claims.exp! - DAY_S });
      break;
    case 'foreign key':
      answer.id_token = await signed({}, foreign);
      break;
    case 'not signed':
      answer.id_token = new UnsecuredJWT(claims).encode();
      break;
    case 'no id token':
      delete answer.id_token;
      break;
    case 'wants state':
      if (!context.oidc?.body?.['state']) Object.assign(context, { status: 400, body: { error: 'invalid_request' } });
      break;
    case 'says nothing':
      await new Promise(() => {});
  }
}

function spoilUserInfo(context: { body: unknown }): void {
  const claims = context.body as { sub: string };
  if (people.get(claims.sub)!.fault === 'changed subject') claims.sub = 'somebody-else';
}

server.on('request', provider.callback());
process.stdout.write(`${issuer}\n`);
