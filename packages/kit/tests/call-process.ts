// A service in a process of its own, with its log on standard output: for what only a process shows.
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { failures, hostVariables, openHost, readConfig, runService } from '../src/index.js';
import { implement } from './support.js';

const fail = failures('moa.auth', { SIGN_IN_REFUSED: 16 });

await runService(async () => {
  const host = await openHost('auth', readConfig(hostVariables, process.env));
  host.serve(
    AuthServiceDefinition,
    implement(AuthServiceDefinition, {
      async signIn({ email }) {
        if (email.startsWith('refused')) throw fail('SIGN_IN_REFUSED', { email });
        throw new Error('the database is away');
      },
    }),
  );
  host.serve(UserServiceDefinition, implement(UserServiceDefinition, { getProfile: async () => ({ profile: undefined }) }));
  return host.listen();
});
