// Envoy's configuration as a whole, and its files.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { listRpcs, type Rpc } from '@moa/contracts/descriptors';
import { clusters } from './clusters.js';
import { type Edge, socketAddress } from './edge.js';
import { listener } from './listener.js';
import { secretFiles } from './secrets.js';
import { extension } from './typed.js';

const MAX_CONNECTIONS = 10_000;

/** The configuration for these RPCs, as JSON. `folder` is where `writeEnvoy` puts the files that it refers to. */
export function renderEnvoy(edge: Edge, folder: string, rpcs: readonly Rpc[] = listRpcs()): string {
  const admin = socketAddress(edge.adminListen);
  if (!isLoopback(admin.socket_address.address)) throw new Error(`Envoy's admin must be on loopback, not at ${edge.adminListen}`);
  const configuration = {
    node: { id: 'edge', cluster: 'moa' },
    admin: { address: admin },
    overload_manager: {
      resource_monitors: [
        extension(
          'envoy.resource_monitors.global_downstream_max_connections',
          'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
          { max_active_downstream_connections: MAX_CONNECTIONS },
        ),
      ],
    },
    static_resources: { listeners: [listener(edge, folder, rpcs)], clusters: clusters(edge, folder, rpcs) },
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}

/** Writes the configuration and what it refers to into a folder, and gives the path to start Envoy with. */
export function writeEnvoy(edge: Edge, folder: string, rpcs?: readonly Rpc[]): string {
  mkdirSync(folder, { recursive: true });
  const files = { ...secretFiles(edge), 'envoy.json': renderEnvoy(edge, folder, rpcs) };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.new`), text);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  }
  return join(folder, 'envoy.json');
}

const isLoopback = (host: string) => host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
