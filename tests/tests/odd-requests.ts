// Requests that are odd in their headers or their path, and how each has to end at the two doors.
import type { CallOptions } from '@moa/testkit';

export interface OddRequest {
  readonly what: string;
  readonly path: string;
  readonly options?: CallOptions;
  readonly atEnvoy: string | RegExp;
  /** None for what cannot be sent over HTTP/2 from Node, or is nothing odd there. */
  readonly atService?: string | RegExp;
}

export interface Facts {
  /** A good token of a USER. */
  readonly token: string;
  /** Another one. */
  readonly other: string;
}

const SIGNED_IN = '/moa.user.v1.UserService/GetMyPage';
const PUBLIC = '/moa.auth.v1.AuthService/GetJwks';
const FOR_ADMINS = '/moa.seller.v1.SellerService/ListSellers';
const INTERNAL = '/moa.auth.v1.AccountService/ListRevokedSessions';
const [SERVICE, METHOD] = SIGNED_IN.slice(1).split('/') as [string, string];

const MISSING = 'UNAUTHENTICATED TOKEN_MISSING';
const REFUSED = 'UNAUTHENTICATED TOKEN_REFUSED';
const NOT_ALLOWED = 'PERMISSION_DENIED CALLER_NOT_ALLOWED';
const UNKNOWN = 'UNIMPLEMENTED METHOD_UNKNOWN';
const MALFORMED = 'INVALID_ARGUMENT REQUEST_MALFORMED';
// grpc-js's own word for a path that nobody serves.
const UNSERVED = 'UNIMPLEMENTED';

/** What somebody inside might take for the truth about a caller. */
const CLAIMED = {
  'x-user-id': 'mallory',
  'x-user-roles': 'ADMIN',
  'x-account-id': 'mallory',
  'x-moa-caller': 'mallory',
  'x-role': 'ADMIN',
  'x-jwt-payload': Buffer.from('{"sub":"mallory","roles":["ADMIN"]}').toString('base64url'),
  'x-auth-request-user': 'mallory',
  'x-forwarded-user': 'mallory',
  'x-forwarded-client-cert': 'URI=spiffe://moa/user',
};
const CERTIFICATE_OF_A_LISTED_SERVICE = {
  'x-forwarded-client-cert': 'By=spiffe://moa/auth;URI=spiffe://moa/user',
  'x-client-cert': 'spiffe://moa/user',
  'x-spiffe-id': 'spiffe://moa/user',
};

export const oddHeaders = ({ token, other }: Facts): OddRequest[] => [
  ...(
    [
      ['headers that claim an identity, and no token', CLAIMED],
      ['headers that claim an identity twice, and no token', { 'x-user-id': ['mallory', 'eve'] }],
      [
        'another path for whoever rewrites it, and no token',
        { 'x-original-url': PUBLIC, 'x-rewrite-url': PUBLIC, 'x-envoy-original-path': PUBLIC },
      ],
      ['a token in a cookie', { cookie: `authorization=Bearer ${token}; access_token=${token}` }],
      [
        'a token in another header',
        { 'x-authorization': `Bearer ${token}`, 'proxy-authorization': `Bearer ${token}`, 'x-access-token': token },
      ],
    ] as const
  ).map(
    ([what, headers]): OddRequest => ({
      what,
      path: SIGNED_IN,
      options: { headers: { ...headers } as never },
      atEnvoy: MISSING,
      atService: MISSING,
    }),
  ),
  { what: 'a token in the query', path: `${SIGNED_IN}?access_token=${token}`, atEnvoy: MISSING, atService: UNSERVED },
  ...(
    [
      ['headers that claim a role beside a good token', CLAIMED],
      ['a header that claims a role twice beside a good token', { 'x-user-roles': ['USER', 'ADMIN'] }],
      ['a header with a list of roles beside a good token', { 'x-user-roles': 'USER, ADMIN', 'x-role': 'USER,ADMIN' }],
    ] as const
  ).map(
    ([what, headers]): OddRequest => ({
      what,
      path: FOR_ADMINS,
      options: { token, headers: { ...headers } as never },
      atEnvoy: NOT_ALLOWED,
      atService: NOT_ALLOWED,
    }),
  ),
  {
    what: 'a header with underscores that claims a role beside a good token',
    path: FOR_ADMINS,
    options: { token, headers: { x_user_roles: 'ADMIN' } },
    // Over HTTP/2 the stream is cut off.
    atEnvoy: /^(HTTP 400|no connection)$/,
    atService: NOT_ALLOWED,
  },
  {
    what: 'headers that claim the certificate of a listed service',
    path: INTERNAL,
    options: { token, headers: CERTIFICATE_OF_A_LISTED_SERVICE },
    atEnvoy: UNKNOWN,
    atService: NOT_ALLOWED,
  },
  ...(
    [
      ['no scheme', token],
      ['the scheme alone', 'Bearer'],
      ['the scheme Basic', `Basic ${token}`],
      ['the scheme DPoP', `DPoP ${token}`],
      ['two spaces', `Bearer  ${token}`],
      ['the same token twice, with a comma', `Bearer ${token},Bearer ${token}`],
      ['two tokens, with a comma', `Bearer ${token}, ${other}`],
      ['two tokens, with a space', `Bearer ${token} ${other}`],
      ['a token and a word behind', `Bearer ${token} x`],
      ['a token in quotes', `Bearer "${token}"`],
    ] as const
  ).flatMap(([what, authorization]): OddRequest[] =>
    [PUBLIC, SIGNED_IN].map((path) => ({
      what: `an authorization header with ${what}, for ${path === PUBLIC ? 'anybody' : 'the signed in'}`,
      path,
      options: { headers: { authorization } },
      atEnvoy: REFUSED,
      atService: REFUSED,
    })),
  ),
  // What grpc-js or Node leave out of what they hand on is no token to the service.
  ...(
    [
      ['a tab', `Bearer\t${token}`],
      ['a scheme and nothing behind it', 'Bearer '],
    ] as const
  ).map(
    ([what, authorization]): OddRequest => ({
      what: `an authorization header with ${what}`,
      path: SIGNED_IN,
      options: { headers: { authorization } },
      atEnvoy: REFUSED,
      atService: MISSING,
    }),
  ),
  // The kit takes it: for HTTP a scheme is a scheme in any case. Envoy, which comes first, knows one spelling.
  {
    what: 'an authorization header with the scheme in lower case',
    path: SIGNED_IN,
    options: { headers: { authorization: `bearer ${token}` } },
    atEnvoy: REFUSED,
  },
];

/** Over HTTP/1.1 only: Node sends no such header twice over HTTP/2. */
export const twoTokens = ({ token, other }: Facts): OddRequest => ({
  what: 'two authorization headers',
  path: SIGNED_IN,
  options: { headers: { authorization: [`Bearer ${token}`, `Bearer ${other}`] as never } },
  atEnvoy: REFUSED,
});

export const oddPaths = ({ token }: Facts): OddRequest[] => [
  ...Object.entries({
    'in upper case': `/${SERVICE.toUpperCase()}/${METHOD.toUpperCase()}`,
    'in lower case': SIGNED_IN.toLowerCase(),
    'with a parameter': `${SIGNED_IN};a=b`,
    'with a parameter in the middle': `/${SERVICE};a=b/${METHOD}`,
    'with a slash at the end': `${SIGNED_IN}/`,
    'without a method': `/${SERVICE}/`,
    'of a service that is a prefix': `/${SERVICE.slice(0, -1)}/${METHOD}`,
    'of a method that is a prefix': SIGNED_IN.slice(0, -1),
    'of an INTERNAL RPC with a slash before': `/${INTERNAL}`,
    'of an INTERNAL RPC by way of a public one': `${PUBLIC}/../../${INTERNAL.slice(1)}`,
    'of an INTERNAL RPC with a dot': INTERNAL.replace('/', '/./'),
    'of an INTERNAL RPC with escaped dots': `/x/%2e%2e${INTERNAL}`,
    'of an INTERNAL RPC with a letter escaped': INTERNAL.replace('L', '%4c'),
    'of an INTERNAL RPC with a query': `${INTERNAL}?a=b`,
    'of channelz': '/grpc.channelz.v1.Channelz/GetServers',
  }).map(([kind, path]): OddRequest => ({ what: `a path ${kind}`, path, options: { token }, atEnvoy: UNKNOWN, atService: UNSERVED })),
  ...Object.entries({
    'with an escaped slash': `/${SERVICE}%2F${METHOD}`,
    'with an escaped slash in lower case': `/${SERVICE}%2f${METHOD}`,
    'with an escaped backslash': `/${SERVICE}%5C${METHOD}`,
    'of an INTERNAL RPC with an escaped slash': INTERNAL.replace('e/', 'e%2F'),
  }).map(([kind, path]): OddRequest => ({ what: `a path ${kind}`, path, options: { token }, atEnvoy: MALFORMED, atService: UNSERVED })),
  // Inside anybody with a certificate of the house may ask it.
  { what: 'a path of the health service', path: '/grpc.health.v1.Health/Check', options: { token }, atEnvoy: UNKNOWN },
  // Put in order they are those of an RPC: then they need what it needs.
  ...Object.entries({
    'with two slashes before': `/${SIGNED_IN}`,
    'with two slashes in the middle': `/${SERVICE}//${METHOD}`,
    'with a way up': `/x/..${SIGNED_IN}`,
    'with a dot': `/./${SERVICE}/${METHOD}`,
    'with a letter escaped': `/${SERVICE}/%47${METHOD.slice(1)}`,
  }).map(([kind, path]): OddRequest => ({ what: `a path ${kind}, without a token`, path, atEnvoy: MISSING, atService: UNSERVED })),
  ...['GET', 'HEAD', 'DELETE'].map(
    (method): OddRequest => ({
      what: `the verb ${method}`,
      path: SIGNED_IN,
      options: { token, method, body: Buffer.alloc(0) },
      atEnvoy: UNKNOWN,
      atService: UNSERVED,
    }),
  ),
  // grpc-js takes every verb for a POST: it helps nobody past the chain.
  ...['PUT', 'PATCH', 'OPTIONS', 'TRACE'].map(
    (method): OddRequest => ({
      what: `the verb ${method}, without a token`,
      path: SIGNED_IN,
      options: { method },
      atEnvoy: UNKNOWN,
      atService: MISSING,
    }),
  ),
  ...['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream'].map(
    (type): OddRequest => ({
      what: `the content type ${type}`,
      path: SIGNED_IN,
      options: { token, headers: { 'content-type': type } },
      atEnvoy: 'HTTP 404',
      atService: 'HTTP 415',
    }),
  ),
];
