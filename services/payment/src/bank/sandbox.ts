// The sandbox bank over HTTP. See packages/sandbox-provider/README.md.
import { z } from 'zod';
import { OutcomeUnknown } from '../provider/port.js';
import type { Bank, Transfer } from './port.js';

export interface SandboxBankOptions {
  readonly url: string;
  readonly apiKey: string;
  /** An answer that takes longer is not waited for. */
  readonly timeoutMs: number;
}

const transferShape = z.discriminatedUnion('state', [
  z.object({ state: z.literal('MADE'), id: z.string().min(1) }),
  z.object({ state: z.literal('REFUSED'), code: z.string().min(1) }),
]);

export function sandboxBank({ url, apiKey, timeoutMs }: SandboxBankOptions): Bank {
  async function call(path: string, headers: Record<string, string>, body?: object): Promise<Transfer | undefined> {
    try {
      const response = await fetch(url + path, {
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
      if (response.status === NOT_FOUND) return undefined;
      if (!response.ok) throw new Error(`${response.status}`);
      return transferShape.parse(await response.json());
    } catch (cause) {
      throw new OutcomeUnknown(`transfers of the bank: ${(cause as Error).name}`, { cause });
    }
  }

  return {
    async transfer({ idempotencyKey, account, amountMinor, currency }) {
      const body = { ...account, currency, amountMinor: Number(amountMinor) };
      const made = await call('/v1/transfers', { 'idempotency-key': idempotencyKey }, body);
      if (!made) throw new OutcomeUnknown('the bank has no transfers');
      return made;
    },
    findTransfer: (idempotencyKey) => call(`/v1/transfers?idempotencyKey=${encodeURIComponent(idempotencyKey)}`, {}),
  };
}

const NOT_FOUND = 404;
