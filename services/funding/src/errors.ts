import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.funding', {
  // Projects
  PROJECT_NOT_FOUND: { code: status.NOT_FOUND, ko: '프로젝트를 찾을 수 없습니다.', en: 'There is no such project.' },
  PROJECT_IN_REVIEW: status.FAILED_PRECONDITION,
  PROJECT_NOT_IN_REVIEW: status.FAILED_PRECONDITION,
  PROJECT_SUBMITTED: status.FAILED_PRECONDITION,
  PROJECT_ENDED: { code: status.FAILED_PRECONDITION, ko: '이미 종료된 프로젝트입니다.', en: 'This project has ended.' },
  CLOSE_TIME_PASSED: status.FAILED_PRECONDITION,
  REWARD_MISSING: status.FAILED_PRECONDITION,
  REWARDS_TOO_MANY: status.FAILED_PRECONDITION,
  FIELD_FROZEN: status.FAILED_PRECONDITION,
  STOCK_BELOW_TAKEN: status.FAILED_PRECONDITION,
  PROJECT_NOT_PUBLIC: status.FAILED_PRECONDITION,
  UPDATES_TOO_MANY: {
    code: status.RESOURCE_EXHAUSTED,
    ko: '새 소식은 하루에 20개까지 올릴 수 있습니다.',
    en: 'A project has told as much as it may in one day.',
  },
  ETAG_STALE: status.ABORTED,

  // Pledges
  PLEDGE_NOT_FOUND: { code: status.NOT_FOUND, ko: '후원 내역을 찾을 수 없습니다.', en: 'There is no such pledge.' },
  PROJECT_NOT_OPEN: { code: status.FAILED_PRECONDITION, ko: '아직 시작하지 않은 프로젝트입니다.', en: 'This project has not opened yet.' },
  PROJECT_CLOSED: { code: status.FAILED_PRECONDITION, ko: '마감된 프로젝트입니다.', en: 'This project has closed.' },
  SELF_PLEDGE: {
    code: status.FAILED_PRECONDITION,
    ko: '자신의 프로젝트는 후원할 수 없습니다.',
    en: 'Nobody backs a project of their own.',
  },
  REWARD_NOT_FOUND: { code: status.NOT_FOUND, ko: '리워드를 찾을 수 없습니다.', en: 'There is no such reward.' },
  REWARD_SOLD_OUT: {
    code: status.FAILED_PRECONDITION,
    ko: '리워드의 남은 수량이 부족합니다.',
    en: 'There are not enough of this reward left.',
  },
  REWARD_LIMIT_REACHED: {
    code: status.FAILED_PRECONDITION,
    ko: '한 사람이 선택할 수 있는 리워드 수량을 넘었습니다.',
    en: 'This is more of the reward than one backer may take.',
  },
  REWARD_TWICE: status.INVALID_ARGUMENT,
  ADDRESS_MISSING: {
    code: status.INVALID_ARGUMENT,
    ko: '배송받을 주소를 입력해 주세요.',
    en: 'This reward is sent to you: please give an address.',
  },
  CURRENCY_WRONG: status.INVALID_ARGUMENT,
  PLEDGE_EMPTY: status.INVALID_ARGUMENT,
  PLEDGE_TOO_LARGE: { code: status.INVALID_ARGUMENT, ko: '후원 금액이 너무 큽니다.', en: 'This is more than one pledge may be worth.' },
  PLEDGE_NOT_ACTIVE: {
    code: status.FAILED_PRECONDITION,
    ko: '더 이상 변경할 수 없는 후원입니다.',
    en: 'This pledge cannot be changed any more.',
  },
  COUPON_TWICE: status.INVALID_ARGUMENT,
  COUPON_WITHOUT_REWARD: {
    code: status.FAILED_PRECONDITION,
    ko: '쿠폰은 리워드를 선택한 후원에만 쓸 수 있어요.',
    en: 'Coupons take off rewards. Please choose one.',
  },
  POINTS_TOO_MANY: {
    code: status.FAILED_PRECONDITION,
    ko: '결제할 금액보다 많은 포인트를 쓸 수 없어요.',
    en: 'This is more points than there is to pay.',
  },
  PLEDGE_HAS_DISCOUNT: {
    code: status.FAILED_PRECONDITION,
    ko: '쿠폰이나 포인트를 쓴 후원은 내용을 바꿀 수 없어요. 취소한 뒤 다시 후원해 주세요.',
    en: 'A pledge with coupons or points holds what they were used for. Please cancel it and pledge again.',
  },
  PLEDGE_NOT_PAID: status.FAILED_PRECONDITION,
  PROJECT_NOT_FUNDED: status.FAILED_PRECONDITION,
  ADD_ON_ALONE: {
    code: status.FAILED_PRECONDITION,
    ko: '추가 구성은 리워드와 함께 담아 주세요.',
    en: 'An add-on goes with a reward. Please choose one.',
  },
  NOTHING_TO_SHIP: status.FAILED_PRECONDITION,
  NOT_SHIPPED: status.FAILED_PRECONDITION,
  PLEDGE_DELIVERED: status.FAILED_PRECONDITION,
  REFUND_TOO_EARLY: {
    code: status.FAILED_PRECONDITION,
    ko: '약속된 전달 월이 지난 뒤에 환불을 신청할 수 있어요.',
    en: 'You can ask for a refund once the promised month of delivery is over.',
  },
  REFUND_WINDOW_OVER: {
    code: status.FAILED_PRECONDITION,
    ko: '환불 신청 기간이 지났어요.',
    en: 'The time to ask for a refund is over.',
  },
  REFUND_REQUESTED_BEFORE: {
    code: status.FAILED_PRECONDITION,
    ko: '이미 환불을 신청했어요.',
    en: 'You have asked for a refund already.',
  },
  REFUND_REQUEST_NOT_FOUND: { code: status.NOT_FOUND, ko: '환불 신청을 찾을 수 없어요.', en: 'There is no such request.' },
  REFUND_DECIDED: status.FAILED_PRECONDITION,
  GOAL_WOULD_BE_LOST: {
    code: status.FAILED_PRECONDITION,
    ko: '마감 24시간 전부터는 달성된 목표 금액이 무너지는 취소나 변경을 할 수 없습니다.',
    en: 'In the last 24 hours a pledge cannot be taken back if the goal would be missed without it.',
  },
  // Payment's event about a new one may still be on its way: see store/pledge-writes.ts.
  BILLING_METHOD_UNKNOWN: {
    code: status.FAILED_PRECONDITION,
    ko: '등록된 결제 수단을 찾을 수 없습니다. 잠시 후 다시 시도해 주세요.',
    en: 'This is not one of your billing methods. If it is new, please try again in a moment.',
  },
});
