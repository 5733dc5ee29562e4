// The sandbox provider itself, in a process of its own that tells its address.
import { readProviderConfig, startSandboxProvider } from '@moa/sandbox-provider';

const { url } = await startSandboxProvider(readProviderConfig());
process.send!({ address: url });
