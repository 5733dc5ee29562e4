// The user service itself, in a process of its own that tells its address.
import { startUser } from '@moa/user';
import { readUserConfig } from '@moa/user/config';

const { address } = await startUser(readUserConfig());
process.send!({ address });
