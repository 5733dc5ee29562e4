-- Charges that the provider booked in our name and that none of our attempts stands for. Each goes back by itself.
CREATE TABLE orphan (
  provider_charge_id text PRIMARY KEY,
  -- Under which somebody asked for the charge.
  provider_key text NOT NULL,
  reason text NOT NULL CHECK (reason IN ('NO_ATTEMPT', 'AMOUNT_DIFFERS', 'NOT_EXPECTED')),
  currency char(3) NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  -- Nobody takes it before this: a lease while somebody is at work on it, a pause when the provider gave no answer.
  due_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0,
  trace text,
  create_time timestamptz NOT NULL,
  -- When it had gone back.
  settle_time timestamptz
);
CREATE INDEX orphan_due ON orphan (due_time) WHERE settle_time IS NULL;

ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_kind_check,
  ADD CONSTRAINT ledger_transaction_kind_check CHECK (kind IN ('CHARGE', 'CANCEL', 'REFUND_DUE', 'REFUND', 'REFUND_REFUSED', 'CHARGEBACK',
    'PAYOUT', 'ORPHAN', 'ORPHAN_RETURN'));

-- Takes one in: it is owed to whoever paid it. False when it was taken in before.
CREATE FUNCTION take_orphan(call jsonb, charge_id text, asked_under text, why text, money text, amount bigint, entries jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO orphan (provider_charge_id, provider_key, reason, currency, amount_minor, trace, create_time)
    VALUES (charge_id, asked_under, why, money, amount, call->>'trace', kit.at(call)) ON CONFLICT (provider_charge_id) DO NOTHING;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM post_transaction(call, 'orphan:' || charge_id, 'ORPHAN', NULL, money, entries);
  RETURN true;
END $$;

-- Takes the one that has been due longest, for as long as the lease.
CREATE FUNCTION claim_orphan(lease_ms integer) RETURNS SETOF orphan LANGUAGE sql AS $$
  WITH due AS (
    SELECT o.provider_charge_id FROM orphan o WHERE o.settle_time IS NULL AND o.due_time <= clock_timestamp() ORDER BY o.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE orphan o SET tries = o.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due WHERE o.provider_charge_id = due.provider_charge_id RETURNING o.*
$$;

-- It has gone back: orphan and ledger together, once. False when that was written before.
CREATE FUNCTION settle_orphan(call jsonb, charge_id text, entries jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  gone orphan;
BEGIN
  UPDATE orphan SET settle_time = kit.at(call) WHERE provider_charge_id = charge_id AND settle_time IS NULL RETURNING * INTO gone;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM post_transaction(call, 'orphan-return:' || charge_id, 'ORPHAN_RETURN', NULL, gone.currency, entries);
  RETURN true;
END $$;
