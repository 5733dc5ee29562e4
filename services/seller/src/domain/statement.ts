// A settlement's statement as a file: CSV for a spreadsheet, or a page to print. Pure text, made piece by piece.

/** An amount in minor units, of the settlement's currency. */
interface Amounts {
  readonly gross: bigint;
  readonly platformFee: bigint;
  readonly providerFee: bigint;
  readonly couponShare: bigint;
  readonly net: bigint;
}

export interface Line extends Amounts {
  readonly time: Date;
  readonly kind: 'CHARGE' | 'REFUND' | 'FEE_BACK' | 'REFUND_REFUSED' | 'CHARGEBACK';
  readonly paymentId: string;
  /** Empty for an order. */
  readonly pledgeId: string;
  /** Empty for a pledge. */
  readonly orderId: string;
}

export interface Figures extends Amounts {
  readonly id: string;
  /** Empty for a period. */
  readonly projectId: string;
  readonly projectTitle: string;
  readonly companyName: string;
  readonly businessNumber: string;
  readonly kind: 'EARLY' | 'FINAL' | 'ADJUSTMENT' | 'PERIOD';
  /** Undefined for a project, and for the first period. */
  readonly periodStart: Date | undefined;
  /** Undefined for a project. */
  readonly periodEnd: Date | undefined;
  readonly currency: string;
  readonly refunds: bigint;
  readonly heldBefore: bigint;
  readonly shortBefore: bigint;
  readonly heldAfter: bigint;
  readonly shortAfter: bigint;
  readonly createTime: Date;
}

/** How a file begins, what it says of each movement, and how it ends. */
export interface Writer {
  readonly extension: string;
  readonly mediaType: string;
  start(figures: Figures): string;
  line(line: Line, currency: string): string;
  end(): string;
}

const KINDS = {
  CHARGE: '결제 Charge',
  REFUND: '환불 Refund',
  FEE_BACK: '수수료 환급 Fee back',
  REFUND_REFUSED: '환불 취소 Refund not made',
  CHARGEBACK: '지불 거절 Chargeback',
} as const;
const SETTLEMENT_KINDS = {
  EARLY: '선정산 Early',
  FINAL: '최종 정산 Final',
  ADJUSTMENT: '조정 Adjustment',
  PERIOD: '기간 정산 Period',
} as const;

const BYTE_ORDER_MARK = '\uFEFF';
const LINE_END = '\r\n';

export const csv: Writer = {
  extension: 'csv',
  mediaType: 'text/csv; charset=utf-8',
  start: () =>
    BYTE_ORDER_MARK +
    row([
      'time',
      'kind',
      'payment_id',
      'pledge_id',
      'order_id',
      'currency',
      'gross',
      'platform_fee',
      'provider_fee',
      'coupon_share',
      'net',
    ]),
  line: ({ time, kind, paymentId, pledgeId, orderId, gross, platformFee, providerFee, couponShare, net }, currency) =>
    row([time.toISOString(), kind, paymentId, pledgeId, orderId, currency, gross, platformFee, providerFee, couponShare, net]),
  end: () => '',
};

// RFC 4180. Amounts are numbers; everything else is text.
const row = (cells: readonly (string | bigint)[]): string =>
  cells.map((cell) => (typeof cell === 'bigint' ? String(cell) : textCell(cell))).join(',') + LINE_END;

/** A cell that a spreadsheet takes for text: one that begins like a formula is not run (OWASP: CSV injection). */
export function textCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

const time = new Intl.DateTimeFormat('ko-KR', { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone: 'Asia/Seoul' });
const formats = new Map<string, Intl.NumberFormat>();

/** "₩12,000": minor units as people write them. */
export function moneyText(amountMinor: bigint, currency: string): string {
  const format = formats.get(currency) ?? new Intl.NumberFormat('ko-KR', { style: 'currency', currency });
  formats.set(currency, format);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  const sign = amountMinor < 0n ? '-' : '';
  const text = String(amountMinor < 0n ? -amountMinor : amountMinor).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return format.format(`${sign}${whole}${digits > 0 ? `.${text.slice(-digits)}` : ''}` as Intl.StringNumericLiteral);
}

export const page: Writer = {
  extension: 'html',
  mediaType: 'text/html; charset=utf-8',
  start(figures) {
    const { currency } = figures;
    const sum = (label: string, amount: bigint, className = '') =>
      `<tr class="${className}"><th scope="row">${label}</th><td>${moneyText(amount, currency)}</td></tr>`;
    const optional = (label: string, amount: bigint) => (amount === 0n ? '' : sum(label, amount));
    return `<!doctype html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>정산 명세서 ${escaped(figures.id)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>정산 명세서 <small>Settlement statement</small></h1>
<dl>
<dt>판매자 Seller</dt><dd>${escaped(figures.companyName)} (${escaped(figures.businessNumber)})</dd>
${subjectOf(figures)}
<dt>구분 Kind</dt><dd>${SETTLEMENT_KINDS[figures.kind]}</dd>
<dt>정산일 Date</dt><dd>${time.format(figures.createTime)}</dd>
<dt>번호 Number</dt><dd>${escaped(figures.id)}</dd>
</dl></header>
<table class="sums"><tbody>
${sum('결제 금액 Taken in', figures.gross)}
${sum('환불 Given back', -figures.refunds)}
${sum('플랫폼 수수료 Platform fee', -figures.platformFee)}
${sum('결제 수수료 Provider fee', -figures.providerFee)}
${optional('쿠폰 부담 Coupons', -figures.couponShare)}
${optional('이전 보류 Held back before', figures.heldBefore)}
${optional('이전 부족 Short before', -figures.shortBefore)}
${optional('다음 정산까지 보류 Held back until the next', -figures.heldAfter)}
${optional('다음 정산으로 이월 Carried over to the next', figures.shortAfter)}
${sum('지급액 To be paid', figures.net, 'total')}
</tbody></table>
<table class="lines">
<thead><tr><th scope="col">일시 Time</th><th scope="col">구분 Kind</th><th scope="col">후원·주문 Pledge, order</th><th scope="col">금액 Amount</th><th scope="col">플랫폼 수수료 Platform fee</th><th scope="col">결제 수수료 Provider fee</th><th scope="col">쿠폰 Coupons</th><th scope="col">정산 Net</th></tr></thead>
<tbody>
`;
  },
  line: ({ kind, pledgeId, orderId, gross, platformFee, providerFee, couponShare, net, ...line }, currency) =>
    `<tr><td>${time.format(line.time)}</td><td>${KINDS[kind]}</td><td>${escaped(pledgeId || orderId)}</td>${[
      gross,
      platformFee,
      providerFee,
      couponShare,
      net,
    ]
      .map((amount) => `<td class="money">${moneyText(amount, currency)}</td>`)
      .join('')}</tr>\n`,
  end: () => '</tbody></table>\n</body>\n</html>\n',
};

// What it is about: a project, or what was paid in a time.
function subjectOf({ projectId, projectTitle, periodStart, periodEnd }: Figures): string {
  if (!periodEnd) return `<dt>프로젝트 Project</dt><dd>${escaped(projectTitle || projectId)}</dd>`;
  return `<dt>기간 Period</dt><dd>${periodStart ? `${time.format(periodStart)} ` : ''}– ${time.format(periodEnd)}</dd>`;
}

const STYLE = `
@page { size: A4; margin: 15mm }
body { font: 10pt/1.5 system-ui, "Apple SD Gothic Neo", "Noto Sans KR", sans-serif; color: #1c1c1e; max-width: 210mm; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 18pt; margin: 0 0 1rem } h1 small { font-size: 10pt; font-weight: 400; color: #6b6b70 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 0 1.5rem } dt { color: #6b6b70 } dd { margin: 0 }
table { width: 100%; border-collapse: collapse; margin-bottom: 1.5rem } th { text-align: left; font-weight: 500 }
.sums td, .money { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.sums tr { border-bottom: 1px solid #e4e4e7 } .sums .total { font-weight: 700; border-top: 2px solid #1c1c1e; border-bottom: none }
.lines { font-size: 8pt } .lines th { border-bottom: 1px solid #1c1c1e; vertical-align: bottom; padding: 0 .4rem .15rem 0 } .lines th:nth-child(n+4) { text-align: right } .lines td:first-child { white-space: nowrap } .lines td { border-bottom: 1px solid #f0f0f2; padding: .15rem .4rem .15rem 0 }
thead { display: table-header-group } tr { break-inside: avoid }
@media print { body { margin: 0; padding: 0 } }
`;
