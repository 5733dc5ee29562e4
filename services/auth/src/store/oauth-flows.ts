import type { Database, Origin } from '@moa/kit';
import { FLOW_MS } from '../domain/oauth.js';
import type { PrismaClient } from '../generated/client.js';

/** A browser that is on its way. Of state and flow token only the hashes are kept. */
export interface FlowRow {
  readonly stateHash: Uint8Array<ArrayBuffer>;
  readonly flowTokenHash: Uint8Array<ArrayBuffer>;
  readonly provider: string;
  readonly redirectUri: string;
  readonly nonce: string;
  readonly sealedCodeVerifier: Uint8Array<ArrayBuffer>;
  /** The account that the identity is to be linked to; null signs in. */
  readonly accountId: string | null;
  /** When it started, if that was before. */
  readonly createTime?: Date;
}

export async function keepFlow(db: Database<PrismaClient>, { at }: Origin, flow: FlowRow): Promise<void> {
  const { createTime = at } = flow;
  await db.client.oauthFlow.create({ data: { ...flow, createTime, expireTime: new Date(createTime.getTime() + FLOW_MS) } });
}

/** Takes a flow, once. Undefined when state, flow token and purpose are not those of one flow, or its time is over. */
export async function takeFlow(
  db: Database<PrismaClient>,
  { at }: Origin,
  accountId: string | null,
  stateHash: Uint8Array,
  flowTokenHash: Uint8Array,
): Promise<FlowRow | undefined> {
  const [row] = await db.client.$queryRaw<FlowRow[]>`
    DELETE FROM oauth_flow
      WHERE state_hash = ${stateHash}::bytea AND flow_token_hash = ${flowTokenHash}::bytea AND account_id IS NOT DISTINCT FROM ${accountId}::uuid
        AND expire_time > ${at}::timestamptz
      RETURNING state_hash AS "stateHash", flow_token_hash AS "flowTokenHash", provider, redirect_uri AS "redirectUri", nonce,
        sealed_code_verifier AS "sealedCodeVerifier", account_id AS "accountId", create_time AS "createTime"`;
  return row;
}

/** Flows whose browsers did not come back. */
export async function forgetFlows(db: Database<PrismaClient>, { at }: Origin): Promise<void> {
  await db.client.oauthFlow.deleteMany({ where: { expireTime: { lt: at } } });
}
