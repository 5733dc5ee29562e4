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
  ACCOUNT_CLOSED: status.FAILED_PRECONDITION,
  ACCOUNT_HAS_ROLE: {
    code: status.FAILED_PRECONDITION,
    ko: '판매자 또는 운영자 권한을 먼저 해지해 주세요.',
    en: 'Please have your role as a seller or as staff ended first.',
  },
  ACCOUNT_HAS_ORDERS: {
    code: status.FAILED_PRECONDITION,
    ko: '진행 중인 주문이 있어 탈퇴할 수 없습니다.',
    en: 'You have orders that are under way.',
  },
  ACCOUNT_HAS_PLEDGES: {
    code: status.FAILED_PRECONDITION,
    ko: '진행 중인 후원이 있어 탈퇴할 수 없습니다.',
    en: 'You have pledges that are under way.',
  },
  REBUILD_NOT_FOUND: status.NOT_FOUND,
  EXPIRE_TIME_PAST: status.INVALID_ARGUMENT,
  // The holder holds, or has spent, something else.
  HOLDER_DIFFERS: status.FAILED_PRECONDITION,
  HOLDER_RELEASED: status.FAILED_PRECONDITION,
  POINTS_NOT_ENOUGH: {
    code: status.FAILED_PRECONDITION,
    ko: '사용할 수 있는 포인트가 부족합니다.',
    en: 'You do not have that many points.',
  },
  POINTS_RETURN_TOO_LARGE: status.FAILED_PRECONDITION,
});
