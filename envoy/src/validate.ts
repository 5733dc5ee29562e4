// Lets Envoy itself check what is rendered.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listRpcs } from '@moa/contracts/descriptors';
import type { Edge } from './edge.js';
import { writeEnvoy } from './render.js';

const VALIDATED_WITHIN_MS = 30_000;

/** What Envoy has against the configuration of an edge, by default one of all contracts; empty when nothing. `program` is Envoy's. */
export async function validateEnvoy(program: string, edge: Edge = edgeOfContracts()): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'moa-envoy-'));
  try {
    const configuration = writeEnvoy(edge, folder);
    const args = ['--mode', 'validate', '--reject-unknown-dynamic-fields', '--log-level', 'warning', '-c', configuration];
    await promisify(execFile)(program, args, { timeout: VALIDATED_WITHIN_MS });
    return '';
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: string };
    return stderr?.trim() || message;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const edgeOfContracts = (): Edge => ({
  listen: '127.0.0.1:8080',
  adminListen: '127.0.0.1:9901',
  clusters: Object.fromEntries(listRpcs().map(({ domain }) => [domain, ['127.0.0.1:50051']])),
  gateway: { grpc: ['127.0.0.1:50052'], http: ['127.0.0.1:50053'] },
  certificates: { folder: '/etc/moa/certificates', watched: '/etc/moa' },
  publicCertificates: { folder: '/etc/moa/door' },
  issuer: 'https://moa.example',
  allowedOrigins: ['https://moa.example'],
});
