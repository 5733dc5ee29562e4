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
  CHALLENGE_REFUSED: {
    code: status.UNAUTHENTICATED,
    ko: '확인 시간이 지났습니다. 다시 로그인해 주세요.',
    en: 'This took too long. Please sign in again.',
  },
  CODE_REFUSED: { code: status.PERMISSION_DENIED, ko: '인증 코드가 올바르지 않습니다.', en: 'The code is not right.' },
  CODES_THROTTLED: {
    code: status.RESOURCE_EXHAUSTED,
    ko: '인증 시도가 너무 많습니다. 잠시 후 다시 시도해 주세요.',
    en: 'Too many codes were tried. Please try again later.',
  },
  SECOND_FACTOR_NEEDED: {
    code: status.FAILED_PRECONDITION,
    ko: '인증 앱의 코드를 입력해 주세요.',
    en: 'Please enter the code of your authenticator app.',
  },
  SECOND_FACTOR_ENROLLED: {
    code: status.FAILED_PRECONDITION,
    ko: '이미 2단계 인증을 사용하고 있습니다.',
    en: 'The account has a second factor already.',
  },
  SECOND_FACTOR_STAYS: {
    code: status.FAILED_PRECONDITION,
    ko: '운영진 계정은 2단계 인증을 끌 수 없습니다.',
    en: 'Staff cannot go without a second factor.',
  },
  NO_SECOND_FACTOR: {
    code: status.FAILED_PRECONDITION,
    ko: '2단계 인증을 사용하고 있지 않습니다.',
    en: 'The account has no second factor.',
  },
  PASSWORD_REFUSED: { code: status.PERMISSION_DENIED, ko: '비밀번호가 올바르지 않습니다.', en: 'The password is not right.' },
  PASSWORD_MISSING: {
    code: status.FAILED_PRECONDITION,
    ko: '비밀번호가 없는 계정입니다. 비밀번호 재설정으로 만들 수 있습니다.',
    en: 'The account has no password. A password reset makes one.',
  },
  EMAIL_NOT_VERIFIED: {
    code: status.FAILED_PRECONDITION,
    ko: '먼저 이메일 주소를 인증해 주세요.',
    en: 'Please verify your e-mail address first.',
  },
  VERIFICATION_REFUSED: {
    code: status.FAILED_PRECONDITION,
    ko: '인증 코드가 올바르지 않거나 만료되었습니다. 새 코드를 요청해 주세요.',
    en: 'The code is not right, or its time is over. Please ask for another.',
  },
  RESET_TOKEN_REFUSED: {
    code: status.FAILED_PRECONDITION,
    ko: '재설정 코드가 올바르지 않거나 만료되었습니다. 새 코드를 요청해 주세요.',
    en: 'The code is not right, or its time is over. Please ask for another.',
  },
  OAUTH_REFUSED: {
    code: status.PERMISSION_DENIED,
    ko: '외부 계정 로그인을 마치지 못했습니다. 처음부터 다시 시도해 주세요.',
    en: 'Signing in with the other account did not work. Please start again.',
  },
  OAUTH_DENIED: {
    code: status.FAILED_PRECONDITION,
    ko: '외부 계정 로그인이 취소되었습니다.',
    en: 'Signing in with the other account was canceled.',
  },
  PROVIDER_UNAVAILABLE: {
    code: status.UNAVAILABLE,
    ko: '외부 계정 서비스가 응답하지 않습니다. 잠시 후 다시 시도해 주세요.',
    en: 'The other service does not answer. Please try again in a moment.',
  },
  EMAIL_IN_USE: {
    code: status.FAILED_PRECONDITION,
    ko: '이 이메일 주소로 가입된 계정이 있습니다. 그 계정으로 로그인한 뒤 외부 계정을 연결해 주세요.',
    en: 'Your e-mail address has an account already. Please sign in to it, and link the other account there.',
  },
  IDENTITY_IN_USE: {
    code: status.ALREADY_EXISTS,
    ko: '이미 다른 계정에 연결되어 있습니다.',
    en: 'It is linked to another account already.',
  },
  LAST_SIGN_IN_METHOD: {
    code: status.FAILED_PRECONDITION,
    ko: '마지막 로그인 방법은 삭제할 수 없습니다. 먼저 비밀번호를 만들거나 다른 계정을 연결해 주세요.',
    en: 'This is the last way to sign in. Please make a password or link another account first.',
  },
  PROVIDER_NOT_FOUND: status.NOT_FOUND,
  REDIRECT_URI_REFUSED: status.INVALID_ARGUMENT,
  IDENTITY_NOT_FOUND: status.NOT_FOUND,
  SESSION_NOT_FOUND: status.NOT_FOUND,
  ACCOUNT_NOT_FOUND: status.NOT_FOUND,
  LAST_ADMIN: status.FAILED_PRECONDITION,
  PARTNER_REFUSED: status.UNAUTHENTICATED,
  PARTNER_SUSPENDED: status.PERMISSION_DENIED,
  PARTNER_NOT_FOUND: status.NOT_FOUND,
  SCOPE_UNKNOWN: status.INVALID_ARGUMENT,
  SCOPE_NOT_GRANTED: status.PERMISSION_DENIED,
  SECRET_OVERLAP_RUNNING: status.FAILED_PRECONDITION,
  ETAG_STALE: status.ABORTED,
  UPDATE_MASK_WRONG: status.INVALID_ARGUMENT,
  ROLE_STAYS: status.FAILED_PRECONDITION,
  ROLE_NOT_FOR_PEOPLE: status.INVALID_ARGUMENT,
});
