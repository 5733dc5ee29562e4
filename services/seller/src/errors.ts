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
});
