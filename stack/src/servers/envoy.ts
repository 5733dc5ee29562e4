import { type ServerProcess, startProcess } from './process.js';

export interface EnvoyPlan {
  readonly program: string;
  readonly configuration: string;
  readonly adminPort: number;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Starts Envoy from a rendered configuration. A second Envoy on the machine would share memory with it: hot restart is off. */
export function startEnvoy({ program, configuration, adminPort, log, signal }: EnvoyPlan): Promise<ServerProcess> {
  return startProcess({
    name: 'envoy',
    program,
    args: [
      '-c',
      configuration,
      '--disable-hot-restart',
      '--log-level',
      'warning',
      '--reject-unknown-dynamic-fields',
      '--file-flush-interval-msec',
      '500',
    ],
    log,
    signal,
    ready: async () => (await fetch(`http://127.0.0.1:${adminPort}/ready`)).ok,
  });
}
