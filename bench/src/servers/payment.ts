// The payment service itself, in a process of its own that tells its address.
import { startPayment } from '@moa/payment';
import { readPaymentConfig } from '@moa/payment/config';

const { address } = await startPayment(readPaymentConfig());
process.send!({ address });
