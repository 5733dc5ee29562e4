import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.review', {
  RIGHT_NOT_FOUND: {
    code: status.NOT_FOUND,
    ko: '리뷰를 쓸 수 있는 구매나 후원을 찾을 수 없습니다.',
    en: 'There is nothing that you may review here.',
  },
  SUBJECT_GIVEN_BACK: {
    code: status.FAILED_PRECONDITION,
    ko: '반품하거나 환불받은 것에는 리뷰를 쓸 수 없습니다.',
    en: 'What was given back is not reviewed.',
  },
  REVIEW_EXISTS: { code: status.ALREADY_EXISTS, ko: '이미 리뷰를 작성했습니다.', en: 'You have written this review already.' },
  REVIEW_NOT_FOUND: { code: status.NOT_FOUND, ko: '리뷰를 찾을 수 없습니다.', en: 'There is no such review.' },
  REVIEW_DELETED: { code: status.FAILED_PRECONDITION, ko: '삭제된 리뷰입니다.', en: 'This review was deleted.' },
  REVIEW_HIDDEN: { code: status.FAILED_PRECONDITION, ko: '운영자가 가린 리뷰입니다.', en: 'This review was hidden by a moderator.' },
  EDITS_TOO_MANY: { code: status.FAILED_PRECONDITION, ko: '더 이상 수정할 수 없습니다.', en: 'This review was changed too often.' },
  ETAG_STALE: {
    code: status.ABORTED,
    ko: '그사이 리뷰가 바뀌었습니다. 다시 확인해 주세요.',
    en: 'The review has changed meanwhile. Please look again.',
  },
  OWN_REVIEW: { code: status.FAILED_PRECONDITION, ko: '자신의 리뷰에는 할 수 없습니다.', en: 'This is your own review.' },
});
