// What there is, and what there should be, as lines of text that can be compared: pledges, projects, payments, ledger, the provider's books.
import type { BookEntry } from '@moa/sandbox-provider';
import { cameOf, heldOf, type Model, type Pledge } from './model.js';
import type { Stand } from './stand.js';

/** Of what was paid, in thousandths. */
const PROVIDER_SHARE = 24;
const PLATFORM_SHARE = 50;
const WHOLE = 1_000;
const BOOKS_PAGE = 1_000;

/** What is true of each thing, by what it is called. */
export type Lines = Record<string, string>;

/** The ids that things have in the services, by what they are called here. */
export interface Names {
  readonly projects: readonly { readonly id: string; readonly rewardIds: readonly string[] }[];
  readonly pledges: ReadonlyMap<string, string>;
}

const half = (share: number, of: number) => Math.floor((share * of * 2 + WHOLE) / (WHOLE * 2));
const inProportion = (fee: number, part: number, whole: number) => (whole === 0 ? 0 : Math.floor((2 * fee * part + whole) / (2 * whole)));

export function expected({ projects, pledges }: Model): Lines {
  const lines: Lines = {};
  projects.forEach(({ state, raised, count, rewards }, n) => {
    lines[`project ${n}`] =
      `${state}, raised ${raised} by ${count}, left ${rewards.map(({ stock, left }) => (stock === null ? '-' : left)).join(' ')}`;
  });
  for (const [key, pledge] of Object.entries(pledges)) {
    const { state, lines: held, extra, total, refunded, refunds } = pledge;
    lines[key] = `${state}, ${held.join(' ')} and ${extra}: ${total}, given back ${refunded}`;
    // How many steps refunds are told in is up to the order of their events.
    if (refunds === 0) lines[`${key} version`] = String(pledge.version);
    lines[`${key} told paid`] = String(Number(cameOf(pledge) > 0));
    lines[`${key} payment`] = paymentOf(pledge);
    lines[`${key} ledger`] = ledgerOf(pledge);
    lines[`${key} provider`] = providerOf(pledge);
  }
  return lines;
}

function paymentOf({ state, attempts, declines, refunded, total }: Pledge): string {
  if (attempts === 0) return 'none';
  const partly = refunded > 0 ? 'PARTIALLY_REFUNDED' : 'COMPLETED';
  const states: Partial<Record<Pledge['state'], string>> = { PAID: partly, REFUNDED: 'CANCELED', CHARGED_BACK: 'CHARGED_BACK' };
  return `${states[state] ?? 'FAILED'} ${total}, ${attempts} attempts, ${declines} declined, given back ${refunded}`;
}

// Debit is positive, as in the books.
function ledgerOf(pledge: Pledge): string {
  const came = cameOf(pledge);
  if (came === 0) return 'nothing';
  const isChargedBack = pledge.state === 'CHARGED_BACK';
  const [platformFee, providerFee] = [half(PLATFORM_SHARE, came), half(PROVIDER_SHARE, came)];
  const clearing = heldOf(pledge);
  // The bank gives no fee back, and the platform gives up all of its own.
  const platform = isChargedBack ? 0 : inProportion(platformFee, pledge.refunded, came) - platformFee;
  const provider = inProportion(providerFee, pledge.refunded, came) - providerFee;
  return entries({
    PROVIDER_CLEARING: clearing,
    PLATFORM_FEE: platform,
    PROVIDER_FEE: provider,
    SELLER_PAYABLE: -clearing - platform - provider,
  });
}

const entries = (sums: Record<string, number>) =>
  Object.entries(sums)
    .filter(([, sum]) => sum !== 0)
    .map(([account, sum]) => `${account} ${sum}`)
    .sort()
    .join(', ') || 'all in balance';

function providerOf(pledge: Pledge): string {
  const came = cameOf(pledge);
  const fee = half(PROVIDER_SHARE, came);
  const taken = pledge.state === 'CHARGED_BACK' ? came - pledge.refunded : 0;
  return booked(Number(came > 0), came, pledge.declines, pledge.refunded, taken, fee - inProportion(fee, pledge.refunded, came));
}

const booked = (charges: number, charged: number, declines: number, refunded: number, takenBack: number, fee: number) =>
  `${charges} charges of ${charged}, ${declines} declined, ${refunded} given back, ${takenBack} taken back, fee ${fee}`;

export function openBooks(stand: Stand) {
  const books: BookEntry[] = [];
  let cursor = '0';

  async function readBooks(): Promise<void> {
    for (;;) {
      const { body } = await stand.ask<{ entries: BookEntry[] }>(`/v1/books?after=${cursor}&limit=${BOOKS_PAGE}`);
      books.push(...body.entries);
      cursor = body.entries.at(-1)?.cursor ?? cursor;
      if (body.entries.length < BOOKS_PAGE) return;
    }
  }

  return async function observe({ projects, pledges }: Names): Promise<Lines> {
    const lines: Lines = {};
    const [standing, rewards, held, payments, ledger, told] = await Promise.all([
      stand.sql<{ id: string; what: string }>(
        'funding',
        `SELECT id, state || ', raised ' || raised_minor || ' by ' || pledge_count || ', left ' AS what FROM project WHERE id = ANY($1)`,
        projects.map(({ id }) => id),
      ),
      stand.sql<{ id: string; left: string }>(
        'funding',
        `SELECT id, coalesce(remaining::text, '-') AS left FROM reward WHERE id = ANY($1)`,
        projects.flatMap(({ rewardIds }) => rewardIds),
      ),
      stand.sql<{
        id: string;
        state: string;
        extra: string;
        rest: string;
        version: string;
        held: Record<string, number> | null;
        project_id: string;
      }>(
        'funding',
        `SELECT id, project_id, state, extra_minor AS extra, total_minor || ', given back ' || refunded_minor AS rest, version,
           (SELECT json_object_agg(reward_id, quantity) FROM pledge_line WHERE pledge_id = id) AS held FROM pledge WHERE project_id = ANY($1)`,
        projects.map(({ id }) => id),
      ),
      stand.sql<{ pledge_id: string; what: string }>(
        'payment',
        `SELECT pledge_id, state || ' ' || amount_minor || ', ' || (SELECT count(*) FROM attempt WHERE payment_id = id) || ' attempts, ' ||
           (SELECT count(*) FROM attempt WHERE payment_id = id AND state = 'DECLINED') || ' declined, given back ' || refunded_minor AS what
         FROM payment WHERE project_id = ANY($1)`,
        projects.map(({ id }) => id),
      ),
      stand.sql<{ pledge_id: string; sums: Record<string, number> }>(
        'payment',
        `SELECT pledge_id, json_object_agg(account, sum) AS sums FROM (
           SELECT p.pledge_id, e.account, sum(e.amount_minor) FROM payment p JOIN ledger_transaction t ON t.payment_id = p.id JOIN ledger_entry e ON e.transaction_id = t.id
           WHERE p.project_id = ANY($1) GROUP BY 1, 2) AS account GROUP BY 1`,
        projects.map(({ id }) => id),
      ),
      stand.courier.told(['PledgePaid']),
      readBooks(),
    ]);
    projects.forEach(({ id, rewardIds }, n) => {
      const left = rewardIds.map((reward) => rewards.find((row) => row.id === reward)?.left).join(' ');
      lines[`project ${n}`] = `${standing.find((row) => row.id === id)?.what}${left}`;
    });
    const keyOf = new Map([...pledges].map(([key, id]) => [id, key]));
    for (const { id, project_id, state, extra, rest, version, held: taken } of held) {
      const key = keyOf.get(id) ?? `unknown ${id}`;
      const { rewardIds } = projects.find((project) => project.id === project_id)!;
      lines[key] = `${state}, ${rewardIds.map((reward) => taken?.[reward] ?? 0).join(' ')} and ${extra}: ${rest}`;
      lines[`${key} version`] = version;
      lines[`${key} told paid`] = String(told.get(`PledgePaid ${id}`) ?? 0);
      lines[`${key} payment`] = payments.find((row) => row.pledge_id === id)?.what ?? 'none';
      const sums = ledger.find((row) => row.pledge_id === id)?.sums;
      lines[`${key} ledger`] = sums ? entries(sums) : 'nothing';
      lines[`${key} provider`] = bookedOf(books.filter(({ orderId }) => orderId === id));
    }
    return lines;
  };
}

function bookedOf(entries: readonly BookEntry[]): string {
  const of = (type: BookEntry['type']) => entries.filter((entry) => entry.type === type);
  const sum = (type: BookEntry['type'], field: 'amountMinor' | 'feeMinor') => of(type).reduce((total, entry) => total + entry[field], 0);
  const fee = sum('CHARGE', 'feeMinor') - sum('REFUND', 'feeMinor');
  const charges = of('CHARGE');
  return booked(
    charges.length,
    sum('CHARGE', 'amountMinor'),
    of('DECLINE').length,
    sum('REFUND', 'amountMinor'),
    sum('CHARGEBACK', 'amountMinor'),
    fee,
  );
}

/** What is otherwise than expected; lines that nothing is expected of do not count, but those of an unknown pledge do. */
export function differences(wanted: Lines, found: Lines): string[] {
  const unknown = Object.keys(found).filter((name) => name.startsWith('unknown'));
  return [...Object.keys(wanted), ...unknown]
    .filter((name) => wanted[name] !== found[name])
    .map((name) => `${name}\n      should be ${wanted[name] ?? 'nothing'}\n      and is    ${found[name] ?? 'nothing'}`);
}
