// The funding service itself, in a process of its own that tells its address.
import { startFunding } from '@moa/funding';
import { readFundingConfig } from '@moa/funding/config';

const { address } = await startFunding(readFundingConfig());
process.send!({ address });
