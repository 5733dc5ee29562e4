// The payment page as HTML: a form that works without scripts.
import type { Checkout } from '../types.js';
import { type Language, texts } from './texts.js';

/** What a person has typed, and what is wrong with it. */
export interface Mistake {
  readonly code: string;
  readonly field: string | undefined;
  readonly typed: Readonly<Record<string, unknown>>;
}

const STYLE = `
:root { color-scheme: light dark; --accent: #1b64da; --bad: #c4232b; --line: #8b95a1; }
@media (prefers-color-scheme: dark) { :root { --accent: #1b64da; --bad: #ff8a8f; --line: #8b95a1; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, "Apple SD Gothic Neo", "Noto Sans KR", sans-serif; }
main { max-width: 26rem; margin: 0 auto; padding: 1.5rem; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
h1 { font-size: 1.375rem; margin: 0; }
dl { margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .75rem; }
dl div { display: flex; justify-content: space-between; gap: 1rem; }
dd { margin: 0; font-weight: 600; text-align: right; overflow-wrap: anywhere; }
label { display: block; margin: 0 0 .25rem; font-weight: 600; }
input { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; border: 1px solid var(--line); border-radius: .5rem; }
input[aria-invalid] { border-color: var(--bad); border-width: 2px; }
.field { margin: 0 0 1rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
.alert { color: var(--bad); font-weight: 600; margin: 0 0 1rem; }
button { width: 100%; min-height: 3rem; margin: 0 0 .75rem; font: inherit; font-weight: 600; border-radius: .5rem; border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer; }
button.pay { background: var(--accent); border-color: var(--accent); color: #fff; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.note { font-size: .875rem; }
`;

export function payHtml(checkout: Checkout, language: Language, mistake?: Mistake): string {
  const text = texts[language];
  const other = language === 'ko' ? 'en' : 'ko';
  const amount = moneyText(checkout, language);
  const said = mistake && (text.errors[mistake.code] ?? text.errors['invalid_request']);
  const alert = said ? `<p class="alert" id="alert" role="alert">${escaped(said)}</p>` : '';
  const input = (name: string, label: string, hints: string) => {
    const wrong = mistake?.field === name ? ' aria-invalid="true" aria-describedby="alert"' : '';
    const value = mistake ? ` value="${escaped(String(mistake.typed[name] ?? ''))}"` : '';
    return `<div class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" ${hints} inputmode="numeric" required${wrong}${value}></div>`;
  };
  return page(
    language,
    text.title,
    `<header><h1>${text.title}</h1><a href="?lang=${other}" lang="${other}" hreflang="${other}">${text.otherLanguage}</a></header>
<dl><div><dt>${text.order}</dt><dd>${escaped(checkout.orderName)}</dd></div><div><dt>${text.amount}</dt><dd>${escaped(amount)}</dd></div></dl>
<form method="post" action="?lang=${language}">
${alert}
${input('cardNumber', text.cardNumber, 'autocomplete="cc-number" maxlength="23" placeholder="0000 0000 0000 0000"')}
<div class="pair">
${input('expiryMonth', text.expiryMonth, 'autocomplete="cc-exp-month" maxlength="2" placeholder="MM"')}
${input('expiryYear', text.expiryYear, 'autocomplete="cc-exp-year" maxlength="4" placeholder="YYYY"')}
</div>
<button class="pay" name="action" value="pay">${escaped(text.pay(amount))}</button>
<button name="action" value="cancel" formnovalidate>${text.cancel}</button>
</form>
<p class="note">${text.note}</p>`,
  );
}

/** A page that only says something. */
export const noticeHtml = (language: Language, notice: 'ended' | 'unknown'): string =>
  page(language, texts[language].title, `<h1>${texts[language].title}</h1><p role="status">${texts[language][notice]}</p>`);

const page = (language: Language, title: string, body: string): string => `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style></head>
<body><main>${body}</main></body>
</html>
`;

function moneyText({ amountMinor, currency }: Checkout, language: Language): string {
  const format = new Intl.NumberFormat(language === 'ko' ? 'ko-KR' : 'en-US', { style: 'currency', currency });
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 0));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
