// The mails as people read them: Korean first, then English. A token stands alone on the last line, to be copied.
import type { Notice, SignInMethodChange } from '../domain/mail.js';

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

export function textOf(notice: Notice): MailText {
  switch (notice.kind) {
    case 'VERIFY_EMAIL':
      return compose(
        ['이메일 주소를 확인해 주세요', 'Verify your e-mail address'],
        `모아에 가입해 주셔서 감사합니다. 이메일 주소를 확인하려면 맨 아래의 코드를 입력해 주세요. 코드는 ${notice.minutes}분 동안 사용할 수 있습니다.
가입하신 적이 없다면 이 메일을 무시해 주세요.`,
        `Thank you for signing up to Moa. To verify your e-mail address, enter the code at the very bottom. It works for ${notice.minutes} minutes.
If you did not sign up, please ignore this mail.`,
        notice.token,
      );
    case 'RESET_PASSWORD':
      return compose(
        ['비밀번호 재설정', 'Reset your password'],
        `비밀번호를 재설정하려면 맨 아래의 코드를 입력해 주세요. 코드는 ${notice.minutes}분 동안 사용할 수 있습니다.
요청하신 적이 없다면 이 메일을 무시해 주세요. 비밀번호는 그대로 유지됩니다.`,
        `To reset your password, enter the code at the very bottom. It works for ${notice.minutes} minutes.
If you did not ask for this, please ignore this mail: your password stays as it is.`,
        notice.token,
      );
    case 'ACCOUNT_EXISTS':
      return compose(
        ['이미 가입된 이메일 주소입니다', 'You already have an account'],
        `누군가 이 이메일 주소로 모아에 가입하려고 했지만, 이미 가입된 계정이 있습니다.
본인이라면 로그인하거나 비밀번호를 재설정해 주세요. 본인이 아니라면 이 메일을 무시하셔도 됩니다. 계정은 그대로입니다.`,
        `Somebody tried to sign up to Moa with your e-mail address, which already has an account.
If it was you, please sign in, or reset your password. If it was not, you may ignore this mail: nothing has changed.`,
      );
    case 'PASSWORD_CHANGED':
      return compose(
        ['비밀번호가 변경되었습니다', 'Your password was changed'],
        `모아 계정의 비밀번호가 변경되었습니다.
${NOT_YOU.ko}`,
        `The password of your Moa account was changed.
${NOT_YOU.en}`,
      );
    case 'SIGN_IN_METHOD_CHANGED':
      return compose(
        ['로그인 수단이 변경되었습니다', 'How you sign in has changed'],
        `${METHOD_CHANGES[notice.what].ko}
${NOT_YOU.ko}`,
        `${METHOD_CHANGES[notice.what].en}
${NOT_YOU.en}`,
      );
    case 'SETTLEMENT_ACCOUNT_CHANGED': {
      const [changed, usable] = [new Date(notice.changeTime), new Date(notice.usableFrom)];
      return compose(
        ['정산 계좌가 변경되었습니다', 'Your settlement account was changed'],
        `${TIMES.ko.format(changed)}(한국 시간)에 정산금을 받을 계좌가 변경되었습니다. 새 계좌로는 ${TIMES.ko.format(usable)}부터 지급됩니다.
본인이 하지 않았다면 바로 비밀번호를 재설정하고 정산 계좌를 다시 등록해 주세요. 그때까지는 지급되지 않습니다.`,
        `The account that your settlements are paid to was changed on ${TIMES.en.format(changed)} (Korean time). Nothing is paid to the new one before ${TIMES.en.format(usable)}.
If this was not you, please reset your password at once and give your own account again. Until then nothing is paid.`,
      );
    }
    case 'SESSION_REUSED':
      return compose(
        ['로그인이 종료되었습니다', 'You were signed out on one device'],
        `한 기기의 로그인 정보가 두 번 사용되었습니다. 누군가 복사했을 수 있어 그 기기의 로그인을 종료했습니다. 다시 로그인해 주세요.
이런 메일이 반복되면 비밀번호를 변경해 주세요.`,
        `What keeps you signed in on one device was used twice. Somebody may have copied it, so that device was signed out. Please sign in again.
If you get this mail again, please change your password.`,
      );
  }
}

const NOT_YOU = {
  ko: '본인이 하지 않았다면 바로 비밀번호를 재설정해 주세요.',
  en: 'If this was not you, please reset your password at once.',
};

const TIME = { dateStyle: 'long', timeStyle: 'short', hourCycle: 'h23', timeZone: 'Asia/Seoul' } as const;
const TIMES = { ko: new Intl.DateTimeFormat('ko-KR', TIME), en: new Intl.DateTimeFormat('en-GB', TIME) };

const METHOD_CHANGES: Readonly<Record<SignInMethodChange, { readonly ko: string; readonly en: string }>> = {
  IDENTITY_LINKED: {
    ko: '모아 계정에 다른 서비스의 계정으로 로그인하는 방법이 추가되었습니다.',
    en: 'Your Moa account can now be signed in to with an account of another provider.',
  },
  IDENTITY_UNLINKED: {
    ko: '모아 계정에서 다른 서비스의 계정으로 로그인하는 방법이 삭제되었습니다.',
    en: 'An account of another provider can no longer be used to sign in to your Moa account.',
  },
  SECOND_FACTOR_ADDED: { ko: '모아 계정에 2단계 인증이 추가되었습니다.', en: 'A second factor was added to your Moa account.' },
  SECOND_FACTOR_REMOVED: { ko: '모아 계정의 2단계 인증이 해제되었습니다.', en: 'The second factor of your Moa account was removed.' },
};

const compose = (subjects: readonly [ko: string, en: string], ko: string, en: string, token?: string): MailText => ({
  subject: `[모아] ${subjects.join(' / ')}`,
  text: `${[ko, en, ...(token === undefined ? [] : [token])].join('\n\n')}\n`,
});
