// What the payment page says, in the languages that it speaks.

export type Language = 'ko' | 'en';

interface Texts {
  readonly title: string;
  readonly order: string;
  readonly amount: string;
  readonly cardNumber: string;
  readonly expiryMonth: string;
  readonly expiryYear: string;
  readonly pay: (amount: string) => string;
  readonly cancel: string;
  readonly note: string;
  readonly otherLanguage: string;
  /** By the code of what went wrong. */
  readonly errors: Readonly<Record<string, string>>;
  readonly ended: string;
  readonly unknown: string;
}

export const texts: Readonly<Record<Language, Texts>> = {
  ko: {
    title: '카드 결제',
    order: '주문',
    amount: '결제 금액',
    cardNumber: '카드 번호',
    expiryMonth: '유효 기간 (월)',
    expiryYear: '유효 기간 (년)',
    pay: (amount) => `${amount} 결제하기`,
    cancel: '결제 취소',
    note: '시험용 결제창이에요. 실제로 돈이 빠져나가지 않아요.',
    otherLanguage: 'English',
    errors: {
      card_number_invalid: '카드 번호를 다시 확인해 주세요.',
      card_expired: '유효 기간이 지난 카드예요.',
      card_refused: '카드사가 거절했어요. 다른 카드를 이용해 주세요.',
      invalid_request: '빠진 것이 없는지 확인해 주세요.',
    },
    ended: '이 결제는 끝났거나 시간이 지났어요. 쇼핑몰에서 다시 시작해 주세요.',
    unknown: '이런 결제는 없어요.',
  },
  en: {
    title: 'Pay by card',
    order: 'Order',
    amount: 'Amount',
    cardNumber: 'Card number',
    expiryMonth: 'Expiry month',
    expiryYear: 'Expiry year',
    pay: (amount) => `Pay ${amount}`,
    cancel: 'Cancel the payment',
    note: 'This is a test page. No real money moves.',
    otherLanguage: '한국어',
    errors: {
      card_number_invalid: 'Please check the card number.',
      card_expired: 'This card has expired.',
      card_refused: 'The card issuer refused this card. Please use another one.',
      invalid_request: 'Please check that everything is filled in.',
    },
    ended: 'This payment has ended, or its time is over. Please start again in the shop.',
    unknown: 'There is no such payment.',
  },
};

/** What was asked for, or else what the browser prefers; Korean for everybody else. */
export function languageOf(asked: string | null, acceptLanguage: string): Language {
  if (asked === 'ko' || asked === 'en') return asked;
  const preferred = acceptLanguage.toLowerCase().split(',')[0]?.trim() ?? '';
  return preferred.startsWith('en') ? 'en' : 'ko';
}
