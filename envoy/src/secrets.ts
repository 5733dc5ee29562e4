// TLS on both sides, with certificates by file: Envoy reads them again when the link to their set changes, and new connections use them.
import { join } from 'node:path';
import { certificateFiles, layoutOf } from '@moa/kit/certificate-set';
import type { CertificateFolder, Edge } from './edge.js';
import { typed } from './typed.js';

const CERTIFICATE = 'certificate';
const AUTHORITY = 'authority';
const PUBLIC = 'public-certificate';
const SECRET = 'envoy.extensions.transport_sockets.tls.v3.Secret';

/** The files that tell Envoy where its certificates are. */
export function secretFiles({ certificates, publicCertificates }: Edge): Record<string, string> {
  const { ca, ...own } = filesIn(certificates);
  return {
    [fileOf(CERTIFICATE)]: resource(CERTIFICATE, { tls_certificate: own }),
    [fileOf(AUTHORITY)]: resource(AUTHORITY, { validation_context: { trusted_ca: ca, watched_directory: own.watched_directory } }),
    ...(publicCertificates && { [fileOf(PUBLIC)]: publicSecret(publicCertificates) }),
  };
}

function publicSecret(folder: CertificateFolder): string {
  const { ca: _, ...certificate } = filesIn(folder);
  return resource(PUBLIC, { tls_certificate: certificate });
}

function filesIn({ folder, watched = folder, layout = layoutOf(folder) }: CertificateFolder) {
  const names = certificateFiles[layout];
  const file = (name: string) => ({ filename: join(folder, name) });
  return {
    ca: file(names.ca),
    certificate_chain: file(names.certificate),
    private_key: file(names.key),
    watched_directory: { path: watched },
  };
}

/** TLS for whoever calls at the door: browsers choose HTTP/2 by it. */
export const publicTls = (folder: string) => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: typed('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    common_tls_context: {
      alpn_protocols: ['h2', 'http/1.1'],
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
      tls_certificate_sds_secret_configs: [secret(PUBLIC, folder)],
    },
  }),
});

/** Mutual TLS with a service: our certificate is shown, and theirs has to name them. */
export function mutualTls(service: string, protocol: 'h2' | 'http/1.1', folder: string) {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      sni: service,
      common_tls_context: {
        alpn_protocols: [protocol],
        tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificate_sds_secret_configs: [secret(CERTIFICATE, folder)],
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: `spiffe://moa/${service}` } }],
          },
          validation_context_sds_secret_config: secret(AUTHORITY, folder),
        },
      },
    }),
  };
}

const secret = (name: string, folder: string) => ({
  name,
  sds_config: { resource_api_version: 'V3', path_config_source: { path: join(folder, fileOf(name)) } },
});

const resource = (name: string, fields: object) => `${JSON.stringify({ resources: [typed(SECRET, { name, ...fields })] }, null, 2)}\n`;

const fileOf = (name: string) => `${name}.json`;
