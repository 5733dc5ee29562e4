import { readProviderConfig } from './config.js';
import { startSandboxProvider } from './provider.js';

const config = readProviderConfig();
const provider = await startSandboxProvider({ ...config, log: (line) => console.log(line) });
console.log(`sandbox provider at ${provider.url}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    provider.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
