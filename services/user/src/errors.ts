import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.user', {
  ETAG_STALE: {
    code: status.ABORTED,
    ko: '다른 곳에서 프로필이 변경되었습니다. 새로고침 후 다시 시도해 주세요.',
    en: 'Your profile was changed elsewhere. Please reload and try again.',
  },
  UPDATE_MASK_WRONG: status.INVALID_ARGUMENT,
});
