// What Redis knows of claims, for tests that take it away. The service's own user may not flush more.
import { Redis } from 'ioredis';
import { bed } from './support.js';

export async function openClaimKeys() {
  const { REDIS_URL, REDIS_PREFIX } = await bed.environment('coupon');
  const redis = new Redis(REDIS_URL!);
  return {
    forget: (campaignId: string) => redis.del(`${REDIS_PREFIX}claims:{${campaignId}}:left`, `${REDIS_PREFIX}claims:{${campaignId}}:owners`),
    close: () => redis.disconnect(),
  };
}
