import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.seller', {
  BUSINESS_NUMBER_WRONG: {
    code: status.INVALID_ARGUMENT,
    ko: '사업자등록번호가 올바르지 않습니다.',
    en: 'This is not a business registration number.',
  },
  BUSINESS_NUMBER_TAKEN: {
    code: status.ALREADY_EXISTS,
    ko: '이미 등록된 사업자등록번호입니다.',
    en: 'This business registration number is registered already.',
  },
  ALREADY_REGISTERED: {
    code: status.FAILED_PRECONDITION,
    ko: '이미 판매자로 등록했거나 심사 중입니다.',
    en: 'You are a seller already, or your registration is under review.',
  },
  SELLER_NOT_FOUND: { code: status.NOT_FOUND, ko: '판매자 등록 내역이 없습니다.', en: 'There is no such registration.' },
  ALREADY_DECIDED: { code: status.FAILED_PRECONDITION, ko: '이미 심사가 끝난 등록입니다.', en: 'This registration was decided already.' },
  SELLER_NOT_APPROVED: {
    code: status.FAILED_PRECONDITION,
    ko: '판매자 승인이 완료된 후에 이용할 수 있습니다.',
    en: 'This is possible once your registration is approved.',
  },
  REGISTRATION_REJECTED: {
    code: status.FAILED_PRECONDITION,
    ko: '판매자 등록이 반려되었습니다. 다시 등록해 주세요.',
    en: 'Your registration was rejected. Please register again.',
  },
  VERIFICATION_WAITING: {
    code: status.FAILED_PRECONDITION,
    ko: '이미 제출한 서류를 심사하고 있습니다.',
    en: 'Your documents are under review already.',
  },
  VERIFICATION_NOT_FOUND: { code: status.NOT_FOUND, ko: '제출된 서류가 없습니다.', en: 'There are no such documents.' },
  VERIFICATION_DECIDED: {
    code: status.FAILED_PRECONDITION,
    ko: '이미 심사가 끝난 서류입니다.',
    en: 'These documents were decided on already.',
  },
  // What follows is for services, not for people.
  SELLER_NOT_VERIFIED: status.FAILED_PRECONDITION,
  SETTLEMENT_ACCOUNT_TOO_NEW: status.FAILED_PRECONDITION,
  PROJECT_NOT_FOUND: { code: status.NOT_FOUND, ko: '프로젝트를 찾을 수 없습니다.', en: 'There is no such project.' },
});
