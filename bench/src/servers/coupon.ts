// The coupon service itself, in a process of its own that tells its address.
import { startCoupon } from '@moa/coupon';
import { readCouponConfig } from '@moa/coupon/config';

const { address } = await startCoupon(readCouponConfig());
process.send!({ address });
