import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.coupon', {
  CAMPAIGN_NOT_FOUND: { code: status.NOT_FOUND, ko: '쿠폰 이벤트를 찾을 수 없습니다.', en: 'There is no such campaign.' },
  CAMPAIGN_EXHAUSTED: { code: status.FAILED_PRECONDITION, ko: '쿠폰이 모두 소진되었습니다.', en: 'All coupons are gone.' },
  CAMPAIGN_NOT_OPEN: {
    code: status.FAILED_PRECONDITION,
    ko: '지금은 쿠폰을 받을 수 없습니다.',
    en: 'No coupons are given out at the moment.',
  },
  ALREADY_CLAIMED: { code: status.ALREADY_EXISTS, ko: '이미 받은 쿠폰입니다.', en: 'You have this coupon already.' },
  CODE_NOT_FOUND: { code: status.NOT_FOUND, ko: '쿠폰 코드가 올바르지 않습니다.', en: 'This code is not valid.' },
  COUPON_NOT_FOUND: { code: status.NOT_FOUND, ko: '쿠폰을 찾을 수 없습니다.', en: 'There is no such coupon.' },
  COUPON_NOT_USABLE: { code: status.FAILED_PRECONDITION, ko: '사용할 수 없는 쿠폰입니다.', en: 'This coupon cannot be used here.' },
  CODE_USED: { code: status.FAILED_PRECONDITION, ko: '이미 사용된 쿠폰 코드입니다.', en: 'This code was used already.' },
  JOB_NOT_FOUND: status.NOT_FOUND,
  LIST_STARTED: status.FAILED_PRECONDITION,
  CAMPAIGN_HAS_NO_CODES: status.FAILED_PRECONDITION,
  COUPON_NOT_REVOCABLE: status.FAILED_PRECONDITION,
  CAMPAIGN_NOT_NARROWED: status.FAILED_PRECONDITION,
  CAMPAIGN_ENDED: { code: status.FAILED_PRECONDITION, ko: '이미 종료된 쿠폰 이벤트입니다.', en: 'This campaign has ended.' },
  SHARED_CODE_TAKEN: status.ALREADY_EXISTS,
  // What follows is for services.
  HOLDER_RELEASED: status.FAILED_PRECONDITION,
  HOLDER_COMMITTED: status.FAILED_PRECONDITION,
  HOLDER_DIFFERS: status.INVALID_ARGUMENT,
});
