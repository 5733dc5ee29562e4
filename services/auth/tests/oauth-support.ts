// Auth with two providers, and people who come from them.
import { randomUUID } from 'node:crypto';
import { until } from '@moa/testkit';
import { callbackOf, logIn, type Person, REDIRECT_URI, startProvider } from './provider.js';
import { bearer, openAuth } from './support.js';

export async function openOAuth(name: string) {
  const [google, strict] = await Promise.all([startProvider('id-token'), startProvider('user-info')]);
  const providers = [google.settings('google'), strict.settings('strict'), { ...google.settings('naver'), scope: 'openid' }];
  const house = await openAuth(name, { OAUTH_PROVIDERS: JSON.stringify(providers), OAUTH_REDIRECT_URIS: REDIRECT_URI });
  const { auth, database, oauth, signIn, signUp } = house;

  /** A browser that has come back, with what its page knows. */
  async function comeBack(person: Person, provider = 'google') {
    const { authorizationUrl, flowToken } = await oauth.startOAuth({ provider, redirectUri: REDIRECT_URI });
    return { flowToken, callback: callbackOf(await logIn(authorizationUrl, person)), device: '' };
  }

  /** Somebody who signs in with a provider. */
  async function enter(person: Person, provider = 'google') {
    const { account, tokens } = await oauth.finishOAuth(await comeBack(person, provider));
    return { account: account!, tokens: tokens!, as: bearer(tokens!.accessToken) };
  }

  /** Somebody with a password and a verified address. */
  async function member(email = newEmail()) {
    await signUp(email);
    await database.query('UPDATE account SET email_verify_time = now() WHERE email_key = $1', [email]);
    const { account, tokens } = await signIn(email);
    return { email, id: account.id, as: bearer(tokens.accessToken) };
  }

  /** The browser of somebody who links, come back. */
  async function comeBackToLink(as: Awaited<ReturnType<typeof member>>['as'], person: Person, provider = 'google') {
    const { authorizationUrl, flowToken } = await oauth.startLink({ provider, redirectUri: REDIRECT_URI }, as);
    return { flowToken, callback: callbackOf(await logIn(authorizationUrl, person)) };
  }

  /** Makes calls meet: somebody else holds a table that they write to, until all of them wait there or for one another. */
  async function meeting<T>(table: 'identity' | 'mail', calls: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> {
    const holder = await database.connect();
    await holder.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
    const outcomes = Promise.allSettled(calls.map((call) => call()));
    try {
      await until(async () => {
        const { rows } = await database.query(`SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ '(admit|link)_identity'`);
        return rows.length === calls.length;
      });
    } finally {
      await holder.query('COMMIT');
      holder.release();
    }
    return outcomes;
  }

  return {
    ...house,
    auth,
    meeting,
    google,
    strict,
    comeBack,
    enter,
    member,
    comeBackToLink,
    link: async (as: Awaited<ReturnType<typeof member>>['as'], person: Person, provider = 'google') =>
      (await oauth.linkIdentity(await comeBackToLink(as, person, provider), as)).identity!,
    async close() {
      await Promise.all([house.close(), google.close(), strict.close()]);
    },
  };
}

export const newEmail = () => `${randomUUID()}@moa.example`;
export const somebody = (more: Omit<Person, 'sub'> = {}): Person => ({ sub: randomUUID(), ...more });
/** Somebody whose provider has verified their address. */
export const verified = (email = newEmail(), fault?: Person['fault']) => ({ ...somebody(fault && { fault }), email, emailVerified: true });
