// The purchase service itself, in a process of its own that tells its address.
import { startPurchase } from '@moa/purchase';
import { readPurchaseConfig } from '@moa/purchase/config';

const { address } = await startPurchase(readPurchaseConfig());
process.send!({ address });
