// What Envoy is told of the house around it; everything else comes from the contracts.
import type { CertificateLayout } from '@moa/kit/certificate-set';

/** host:port of each copy. */
export type Addresses = readonly string[];

export interface Edge {
  /** Where everybody calls: HTTP/1.1 and HTTP/2. */
  readonly listen: string;
  /** What the door shows to callers: TLS 1.2 or newer then, and nothing else. Without it, no TLS. */
  readonly publicCertificates?: CertificateFolder | undefined;
  /** Where it tells of itself; a loopback address. */
  readonly adminListen: string;
  /** Each service by its name, which is its contracts' domain and stands in its certificate. */
  readonly clusters: Readonly<Record<string, Addresses>>;
  readonly gateway: { readonly grpc: Addresses; readonly http: Addresses };
  /** What Envoy shows to services, and whom it trusts. */
  readonly certificates: CertificateFolder;
  /** Who signs access tokens. */
  readonly issuer: string;
  /** Whose pages may call, as browsers write it: "https://moa.example". */
  readonly allowedOrigins: readonly string[];
  /** Multiplies every limit of calls. For a machine on which one address plays hundreds of people; 1 otherwise. */
  readonly rateFactor?: number;
}

/** A folder with one set of certificates. Its files are told when the configuration is rendered; what is in them may change at any time. */
export interface CertificateFolder {
  readonly folder: string;
  /** Where the link changes that leads to a new set: all of it is then read again. By default the folder itself, as of a mounted secret. */
  readonly watched?: string;
  /** What its files are called: found by looking, where it is not said. */
  readonly layout?: CertificateLayout;
}

/** The name in the gateway's certificate. */
export const GATEWAY = 'gateway';

/** "127.0.0.1:8080", as Envoy writes it. */
export function socketAddress(hostAndPort: string) {
  const colon = hostAndPort.lastIndexOf(':');
  const [host, port] = [hostAndPort.slice(0, colon).replace(/^\[|\]$/g, ''), Number(hostAndPort.slice(colon + 1))];
  if (!host || !Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${hostAndPort} is not host:port`);
  return { socket_address: { address: host, port_value: port } };
}
