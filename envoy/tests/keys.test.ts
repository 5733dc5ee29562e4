import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEdge, pathWith, reached } from './support/edge.js';

const [OK, UNAVAILABLE] = [0, 14];
const NOBODY = '127.0.0.1:1';

const edge = await openEdge({ startGateway: async () => ({ grpc: NOBODY, http: NOBODY, close: async () => {} }) });
test.after(() => edge.close());

test('while the keys cannot be had a good token is not called bad, and reaches nobody', async () => {
  const token = await edge.token({ roles: ['ADMIN'] });
  for (const path of [pathWith('public'), pathWith('signedIn'), pathWith('roles')]) {
    for (const call of [edge.grpc, edge.web]) {
      assert.not(
        await reached(edge, async () => {
          const { code, reason, mayRetry } = await call(path, { token });
          assert.equal([code, reason, mayRetry], [UNAVAILABLE, 'KEYS_UNAVAILABLE', true]);
        }),
      );
    }
  }
});

test('who needs no token is served all the same', async () => {
  assert.is((await edge.grpc(pathWith('public'))).code, OK);
});

test.run();
