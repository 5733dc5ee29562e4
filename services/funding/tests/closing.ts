// Projects that have reached their close time, and what becomes of their charges.
import type { Charge } from '@moa/contracts/payment/v1/payment_service';
import { until } from '@moa/testkit';
import type { openPaymentPeer } from './payment-peer.js';
import { bed, liveProject, placePledges, sql } from './support.js';

type PaymentPeer = Awaited<ReturnType<typeof openPaymentPeer>>;

export const closesFor = (payment: PaymentPeer) => ({
  /** A project with pledges of one piece each, that has reached its close time. */
  async closing(count: number, plan: Parameters<typeof liveProject>[0] = {}) {
    const project = await liveProject({ goalMinor: 10_000, ...plan });
    const who = await placePledges(count, project.projectId, project.rewardId);
    await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [project.projectId, bed.now()]);
    return { ...project, who, ids: who.map(({ pledgeId }) => pledgeId) };
  },
  /** What payment was asked for, once it was. */
  chargeOf: (pledgeId: string, attempt = 1): Promise<Charge> => until(() => payment.taken.get(`${pledgeId} ${attempt}`)),
  inState: (id: string, state: string) =>
    until(async () => (await sql.query('SELECT state FROM pledge WHERE id = $1', [id])).rows[0].state === state),
});
