import type { Handle } from './serve.js';

const PAGE = `Moa (모아): a crowdfunding shop behind one door.

This is its API: gRPC, and gRPC-Web for browsers, on this very port.

  grpcurl -plaintext localhost:8080 list
  grpcurl -plaintext localhost:8080 describe moa.funding.v1.ProjectService
  grpcurl -plaintext -d '{}' localhost:8080 moa.funding.v1.ProjectService/ListProjects

Where the door has TLS, -cacert with its authority takes the place of -plaintext.

The keys that access tokens are verified with: /.well-known/jwks.json
`;

export const showFrontPage: Handle = async () => ({ status: 200, headers: { 'cache-control': 'public, max-age=3600' }, body: PAGE });
