// Lays the three side by side: the ledger, the provider's books, and what funding says of its pledges and purchase of its orders.
import type { Money } from '@moa/contracts/type/v1/money';
import { crashPoint, type Host, type Origin, originAt } from '@moa/kit';
import { movementOf } from '../domain/reconciliation.js';
import type { Context } from '../service.js';
import {
  beginLook,
  claimReconciliation,
  comparePayments,
  endLook,
  extendLease,
  noteMovements,
  noteOrders,
  notePledges,
  startIfNone,
} from '../store/reconciliations.js';

/** What differs both times is no money on its way. */
const LOOKS = 2;
/** From a charge at the provider to the pledge that is paid it takes less. */
const PAUSE_MS = 5_000;
/** Extended with each page. */
const LEASE_MS = 30_000;
/** What a page of the provider's books takes beside the provider. */
const PAGE_SLACK_MS = 20_000;
const PAYMENTS_A_PAGE = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const DAY_MS = 86_400_000;

/** Starts the day's reconciliation, and goes on with the one that runs. */
export const reconcile = (context: Context, clock: Host['clock']) => async () => {
  const { db } = context;
  const now = originAt(clock.now());
  await startIfNone(db, now, new Date(now.at.getTime() - DAY_MS));
  const run = await claimReconciliation(db, leaseOf(context));
  if (run) await look(context, run);
};

const leaseOf = ({ provider }: Context): number => Math.max(LEASE_MS, provider.bookPageMs + PAGE_SLACK_MS);

// One that is cut short is begun anew.
async function look(context: Context, run: string): Promise<void> {
  const { db, clock } = context;
  await beginLook(db, run);
  // The provider before the pledges and orders: what is paid in between has not been seen as missing.
  await copyMovements(context, run);
  crashPoint('payment.reconciliation.copied');
  const { funding, purchase } = context;
  await copyHeld(context, run, notePledges, async (page, origin) => (await funding.listChargedPledges(page, origin)).pledges);
  await copyHeld(context, run, noteOrders, async (page, origin) => (await purchase.listChargedOrders(page, origin)).orders);
  for (let after: string | undefined = FIRST_ID; after; await extendLease(db, run, leaseOf(context))) {
    after = await comparePayments(db, run, after, PAYMENTS_A_PAGE);
  }
  await endLook(db, originAt(clock.now()), run, LOOKS, PAUSE_MS);
}

async function copyMovements(context: Context, run: string): Promise<void> {
  const { db, provider } = context;
  let cursor: string | undefined = '';
  while (cursor !== undefined) {
    const page: Awaited<ReturnType<typeof provider.listBooks>> = await provider.listBooks(cursor);
    await noteMovements(db, run, page.lines.map(movementOf));
    await extendLease(db, run, leaseOf(context));
    cursor = page.nextCursor;
  }
}

interface Told {
  readonly id: string;
  readonly held: Money | undefined;
}

async function copyHeld(
  context: Context,
  run: string,
  note: typeof notePledges,
  pageAfter: (page: { readonly afterId: string }, origin: Origin) => Promise<readonly Told[]>,
): Promise<void> {
  const { db, clock } = context;
  for (let afterId = ''; ; await extendLease(db, run, leaseOf(context))) {
    const page = await pageAfter({ afterId }, originAt(clock.now()));
    if (page.length === 0) return;
    await note(
      db,
      run,
      page.map(({ id, held }) => ({ id, currency: held!.currencyCode, heldMinor: held!.amountMinor })),
    );
    afterId = page.at(-1)!.id;
  }
}
