// A real Envoy with the rendered configuration, in front of stand-ins for every service of the contracts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthServiceDefinition, GetJwksResponse } from '@moa/contracts/auth/v1/auth_service';
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { pathOf } from '@moa/contracts/method';
import { ensureCertificates, envoySource, findServer, freePorts, root, startEnvoy } from '@moa/stack';
import { type Answer, type CallOptions, callGrpc, callHttp, callWeb } from '@moa/testkit';
import { type Edge, writeEnvoy } from '../../src/index.js';
import { type Behaviour, type Seen, type StandIn, serveHttp, serveRpcs } from './services.js';
import { ISSUER, openSigner, type TokenWish } from './tokens.js';

export const ORIGIN = 'https://shop.test';
const GET_JWKS = pathOf(AuthServiceDefinition, AuthServiceDefinition.methods.getJwks);
// One address plays everybody here.
const MANY = 1_000;

export interface EdgeOptions {
  readonly rpcs?: readonly Rpc[];
  readonly rateFactor?: number;
  readonly behave?: Behaviour;
  /** Takes the place of the gateway's stand-ins. */
  readonly startGateway?: (peers: {
    certificates: string;
    auth: string;
    payment: string;
  }) => Promise<{ grpc: string; http: string; close(): Promise<void> }>;
  /** Makes `<folder>/current/<name>` for each name; as the stack does, unless said otherwise. */
  readonly makeCertificates?: (folder: string, names: readonly string[]) => Promise<unknown>;
  /** Where Envoy has its own certificates, if not where everybody has. `place` is free for them. */
  readonly ownCertificates?: (certificates: string, place: string) => Edge['certificates'];
  /** Where the door's certificate is: with TLS then. */
  readonly publicCertificates?: (certificates: string, place: string) => Edge['certificates'];
  /** Where Envoy looks for a service, if not only where its stand-in is. */
  readonly addresses?: (domain: string, own: string, seen: Seen[], certificates: string) => Promise<readonly string[]>;
}

export const envoyProgram = () => findServer(envoySource, join(root, '.moa/servers'));

export type TestEdge = Awaited<ReturnType<typeof openEdge>>;

export async function openEdge({
  rpcs = listRpcs(),
  rateFactor = MANY,
  behave: wish,
  startGateway,
  makeCertificates = ensureCertificates,
  ownCertificates,
  publicCertificates,
  addresses,
}: EdgeOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'moa-edge-'));
  const domains = [...new Set(rpcs.map(({ domain }) => domain))];
  const certificates = join(folder, 'certificates');
  const names = [...domains, 'gateway', 'envoy'];
  await makeCertificates(certificates, names);
  const current = join(certificates, 'current');

  const seen: Seen[] = [];
  const httpSeen: string[] = [];
  const signer = await openSigner();
  const published = GetJwksResponse.encode(GetJwksResponse.fromPartial(signer.jwks)).finish();
  const behave: Behaviour = async (call) => (await wish?.(call)) ?? (call.path === GET_JWKS ? published : undefined);
  const services = await Promise.all(
    domains.map((domain) =>
      serveRpcs(
        domain,
        rpcs.filter((rpc) => rpc.domain === domain),
        current,
        seen,
        behave,
      ),
    ),
  );
  const reflection = ['v1', 'v1alpha'].map((version) => ({ path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo` }));
  const gateway = await serveRpcs('gateway', reflection, current, seen, behave);
  const http = await serveHttp(current, signer.jwks, httpSeen);
  const standIns: StandIn[] = [...services, gateway, http];
  const own = (domain: string) => services[domains.indexOf(domain)]!.address;
  const realGateway = await startGateway?.({ certificates: join(current, 'gateway'), auth: own('auth'), payment: own('payment') });

  const [port, adminPort] = (await freePorts(2)) as [number, number];
  const address = `127.0.0.1:${port}`;
  const edge: Edge = {
    listen: address,
    adminListen: `127.0.0.1:${adminPort}`,
    clusters: Object.fromEntries(
      await Promise.all(
        domains.map(async (domain, index) => {
          const own = services[index]!.address;
          return [domain, (await addresses?.(domain, own, seen, current)) ?? [own]];
        }),
      ),
    ),
    gateway: { grpc: [realGateway?.grpc ?? gateway.address], http: [realGateway?.http ?? http.address] },
    certificates: ownCertificates?.(certificates, join(folder, 'own')) ?? { folder: join(current, 'envoy'), watched: certificates },
    publicCertificates: publicCertificates?.(certificates, join(folder, 'public')),
    issuer: ISSUER,
    allowedOrigins: [ORIGIN],
    rateFactor,
  };
  const log: string[] = [];
  const plan = {
    program: await envoyProgram(),
    configuration: writeEnvoy(edge, join(folder, 'envoy'), rpcs),
    adminPort,
    log: (line: string) => log.push(line),
  };
  const envoy = await startEnvoy(plan);

  return {
    address,
    adminPort,
    edge,
    folder,
    certificates,
    names,
    /** The calls that reached a service. */
    seen,
    /** The HTTP requests that reached the gateway. */
    httpSeen,
    /** What Envoy wrote. */
    log,
    token: (wish?: TokenWish) => signer.sign(wish),
    grpc: (path: string, options?: CallOptions): Promise<Answer> => callGrpc(address, path, options),
    web: (path: string, options?: CallOptions): Promise<Answer> => callWeb(address, path, options),
    http: (path: string, options?: CallOptions): Promise<Answer> => callHttp(address, path, options),
    async close() {
      await envoy.stop();
      await realGateway?.close();
      for (const standIn of standIns) standIn.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether a call got to a service while `work` ran. */
export async function reached(edge: TestEdge, work: () => Promise<unknown>): Promise<boolean> {
  const before = edge.seen.length;
  await work();
  return edge.seen.length > before;
}

/** A path of the contracts by its caller: "public", "signedIn", "roles" or "internal". */
export function pathWith(access: Rpc['access']['$case'], role?: number): string {
  const rpc = listRpcs().find(
    (candidate) =>
      candidate.access.$case === access &&
      (role === undefined || (candidate.access.$case === 'roles' && candidate.access.value.any.join() === String(role))),
  );
  if (!rpc) throw new Error(`no RPC is ${access}`);
  return rpc.path;
}
