import { status } from '@grpc/grpc-js';
import { failures } from '@moa/kit';

/** Every reason this service gives. */
export const fail = failures('moa.chat', {
  ROOM_NOT_FOUND: { code: status.NOT_FOUND, ko: '대화방을 찾을 수 없습니다.', en: 'There is no such room.' },
  ROOM_FROZEN: {
    code: status.FAILED_PRECONDITION,
    ko: '지금은 글을 쓸 수 없는 대화방입니다.',
    en: 'This room can only be read at the moment.',
  },
  ROOMS_TOO_MANY: { code: status.RESOURCE_EXHAUSTED, ko: '참여한 대화방이 너무 많습니다.', en: 'You are in too many rooms.' },
  NOT_A_MEMBER: { code: status.FAILED_PRECONDITION, ko: '대화방에 먼저 참여해 주세요.', en: 'Please join the room first.' },
  MEMBER_MUTED: { code: status.FAILED_PRECONDITION, ko: '지금은 글을 쓸 수 없습니다.', en: 'You cannot write here at the moment.' },
  MEMBER_NOT_FOUND: { code: status.NOT_FOUND, ko: '대화방에 없는 사람입니다.', en: 'This person is not in the room.' },
  MESSAGE_NOT_FOUND: { code: status.NOT_FOUND, ko: '메시지를 찾을 수 없습니다.', en: 'There is no such message.' },
  MESSAGE_EMPTY: { code: status.INVALID_ARGUMENT, ko: '내용을 입력해 주세요.', en: 'Please write something.' },
  MESSAGE_DELETED: { code: status.FAILED_PRECONDITION, ko: '삭제된 메시지입니다.', en: 'This message was deleted.' },
  MESSAGE_HIDDEN: { code: status.FAILED_PRECONDITION, ko: '가려진 메시지입니다.', en: 'This message was hidden.' },
  EDIT_TOO_LATE: {
    code: status.FAILED_PRECONDITION,
    ko: '수정할 수 있는 시간이 지났습니다.',
    en: 'It is too late to change this message.',
  },
  EDITS_TOO_MANY: { code: status.FAILED_PRECONDITION, ko: '더 이상 수정할 수 없습니다.', en: 'This message was changed too often.' },
  SENDER_TOO_FAST: {
    code: status.RESOURCE_EXHAUSTED,
    ko: '메시지를 너무 빨리 보내고 있습니다. 잠시 후 다시 시도해 주세요.',
    en: 'You are writing too fast. Please try again in a moment.',
  },
  SEQUENCE_AHEAD: status.OUT_OF_RANGE,
  REPORT_NOT_FOUND: status.NOT_FOUND,
  REPORT_DECIDED: status.FAILED_PRECONDITION,
  QUERY_TOO_SHORT: {
    code: status.INVALID_ARGUMENT,
    ko: '검색어를 두 글자 이상 입력해 주세요.',
    en: 'Please give two characters at least.',
  },
  TIMES_REVERSED: status.INVALID_ARGUMENT,
  ENTRY_NOT_FOUND: status.NOT_FOUND,
  CHECKPOINT_NOT_FOUND: status.NOT_FOUND,
  LOG_BROKEN: status.DATA_LOSS,
  HOLD_NOT_FOUND: status.NOT_FOUND,
  HOLD_WITHOUT_REACH: status.INVALID_ARGUMENT,
  HOLD_RELEASED: status.FAILED_PRECONDITION,
  APPROVAL_NOT_FOUND: status.NOT_FOUND,
  APPROVAL_DECIDED: status.FAILED_PRECONDITION,
  APPROVAL_EXPIRED: status.FAILED_PRECONDITION,
  SECOND_PERSON_NEEDED: {
    code: status.FAILED_PRECONDITION,
    ko: '요청한 사람이 아닌 다른 담당자가 결정해야 합니다.',
    en: 'Somebody other than who asked for it has to decide.',
  },
  EXPORT_NOT_APPROVED: status.FAILED_PRECONDITION,
  RETENTION_TOO_SHORT: status.INVALID_ARGUMENT,
  PROJECT_TWICE: status.INVALID_ARGUMENT,
  POLICY_CHANGED: status.ABORTED,
  RETENTION_REPORT_NOT_FOUND: status.NOT_FOUND,
});
