import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.auth', {
  SIGN_IN_REFUSED: {
    code: status.UNAUTHENTICATED,
    ko: '이메일 또는 비밀번호가 올바르지 않습니다.',
    en: 'The e-mail address or the password is not right.',
  },
  SIGN_IN_THROTTLED: {
    code: status.RESOURCE_EXHAUSTED,
    ko: '로그인 시도가 너무 많습니다. 잠시 후 다시 시도해 주세요.',
    en: 'Too many attempts to sign in. Please try again in a moment.',
  },
  ACCOUNT_SUSPENDED: { code: status.PERMISSION_DENIED, ko: '이용이 정지된 계정입니다.', en: 'This account is suspended.' },
  REFRESH_TOKEN_REFUSED: {
    code: status.UNAUTHENTICATED,
    ko: '로그인이 만료되었습니다. 다시 로그인해 주세요.',
    en: 'Your session has ended. Please sign in again.',
  },
  PASSWORDS_BUSY: {
    code: status.RESOURCE_EXHAUSTED,
    ko: '접속이 많습니다. 잠시 후 다시 시도해 주세요.',
    en: 'Many people are signing in. Please try again in a moment.',
  },
  ACCOUNT_NOT_FOUND: status.NOT_FOUND,
  ROLE_STAYS: status.FAILED_PRECONDITION,
  ROLE_NOT_FOR_PEOPLE: status.INVALID_ARGUMENT,
});
