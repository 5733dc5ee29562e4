-- Refunds, in part or in full; chargebacks; and the accounts that they need.

ALTER TABLE payment DROP CONSTRAINT payment_state_check,
  ADD CHECK (state IN ('CHARGING', 'COMPLETED', 'FAILED', 'PARTIALLY_REFUNDED', 'CANCELED', 'CHARGED_BACK')),
  -- What the provider has given back. Never more than was paid.
  ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND amount_minor);

-- Money to give back: written before the provider is asked, so that a refund that was begun is always ended.
CREATE TABLE refund (
  id uuid PRIMARY KEY,
  payment_id uuid NOT NULL REFERENCES payment,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  -- The share of the platform's fee that comes back with it.
  platform_fee_minor bigint NOT NULL CHECK (platform_fee_minor >= 0),
  reason text NOT NULL,
  state text NOT NULL CHECK (state IN ('BEGUN', 'SETTLED', 'REFUSED')),
  -- Of a refund that the provider made of its own accord.
  provider_refund_id text UNIQUE,
  -- Nobody takes an open refund before this.
  due_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0,
  trace text,
  create_time timestamptz NOT NULL,
  settle_time timestamptz,
  CHECK ((settle_time IS NULL) = (state = 'BEGUN'))
);
CREATE INDEX refund_by_payment ON refund (payment_id, id);
CREATE INDEX refund_due ON refund (due_time) WHERE state = 'BEGUN';

-- What was canceled before is a refund of the whole payment.
INSERT INTO refund (id, payment_id, amount_minor, platform_fee_minor, reason, state, due_time, tries, trace, create_time, settle_time)
  SELECT gen_random_uuid(), c.payment_id, p.amount_minor,
         coalesce((SELECT -e.amount_minor FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id WHERE t.business_key = 'charge:' || p.id AND e.account = 'PLATFORM_FEE'), 0),
         c.reason, CASE WHEN c.settle_time IS NULL THEN 'BEGUN' ELSE 'SETTLED' END, c.due_time, c.tries, c.trace, c.create_time, c.settle_time
    FROM cancellation c JOIN payment p ON p.id = c.payment_id;
UPDATE payment SET refunded_minor = amount_minor WHERE state = 'CANCELED';
DROP FUNCTION begin_cancel(jsonb, uuid, text, integer);
DROP FUNCTION claim_cancel(integer);
DROP FUNCTION settle_cancel(jsonb, uuid);
DROP TABLE cancellation;

-- The books know which payment a transaction is about.
ALTER TABLE ledger_transaction DISABLE TRIGGER append_only;
ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_kind_check,
  ADD CHECK (kind IN ('CHARGE', 'CANCEL', 'REFUND_DUE', 'REFUND', 'REFUND_REFUSED', 'CHARGEBACK')),
  ADD COLUMN payment_id uuid REFERENCES payment;
UPDATE ledger_transaction SET payment_id = split_part(business_key, ':', 2)::uuid;
ALTER TABLE ledger_transaction ENABLE TRIGGER append_only;
CREATE INDEX ledger_transaction_by_payment ON ledger_transaction (payment_id, id);

ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_account_check, DROP CONSTRAINT ledger_entry_check,
  ADD CHECK (account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE', 'SELLER_PAYABLE', 'PLATFORM_FEE', 'PROVIDER_FEE')),
  ADD CHECK ((owner_id IS NOT NULL) = (account = 'SELLER_PAYABLE'));
CREATE INDEX ledger_entry_newest ON ledger_entry (account, currency, id);

DROP FUNCTION post_transaction(jsonb, text, text, text, jsonb);
-- Writes a transaction with its entries: [{"account", "ownerId", "amountMinor"}]. Nothing is not an entry.
CREATE FUNCTION post_transaction(call jsonb, business_key text, kind text, about uuid, currency text, entries jsonb) RETURNS void LANGUAGE sql AS $$
  WITH posted AS (
    INSERT INTO ledger_transaction (business_key, kind, payment_id, create_time) VALUES (business_key, kind, about, kit.at(call)) RETURNING id
  )
  INSERT INTO ledger_entry (transaction_id, account, owner_id, currency, amount_minor)
    SELECT posted.id, e.account, e."ownerId", post_transaction.currency, e."amountMinor"
    FROM posted, jsonb_to_recordset(entries) AS e(account text, "ownerId" uuid, "amountMinor" bigint) WHERE e."amountMinor" <> 0
$$;

-- As before, with the transaction's payment.
CREATE OR REPLACE FUNCTION settle_attempt(call jsonb, target uuid, attempt_number integer, charge_id text, decline text, entries jsonb)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  settled payment;
BEGIN
  PERFORM FROM payment WHERE id = target FOR NO KEY UPDATE;
  UPDATE attempt SET state = CASE WHEN decline IS NULL THEN 'SUCCEEDED' ELSE 'DECLINED' END,
      provider_charge_id = charge_id, decline_code = decline, settle_time = kit.at(call)
    WHERE payment_id = target AND number = attempt_number AND state IN ('PENDING', 'UNKNOWN');
  IF NOT FOUND THEN RETURN false; END IF;

  UPDATE payment SET state = CASE WHEN decline IS NULL THEN 'COMPLETED' ELSE 'FAILED' END, version = version + 1
    WHERE id = target RETURNING * INTO settled;
  IF decline IS NULL THEN
    PERFORM post_transaction(call, 'charge:' || target, 'CHARGE', target, settled.currency, entries);
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentCompleted', target::text, settled.version, payment_event(settled, attempt_number));
  ELSE
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentFailed', target::text, settled.version,
      payment_event(settled, attempt_number) || jsonb_build_object('declineCode', decline));
  END IF;
  RETURN true;
END $$;

-- A payment with its attempts and refunds, as the service's answers hold it.
CREATE OR REPLACE FUNCTION payment_json(shown payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', shown.id, 'pledgeId', shown.pledge_id, 'projectId', shown.project_id, 'payerId', shown.payer_id, 'state', shown.state,
    'currency', shown.currency, 'amountMinor', shown.amount_minor::text, 'refundedMinor', shown.refunded_minor::text,
    'createTime', kit.timestamp(shown.create_time),
    'attempts', coalesce((SELECT jsonb_agg(jsonb_build_object(
      'number', a.number, 'state', a.state, 'providerChargeId', a.provider_charge_id, 'declineCode', a.decline_code,
      'createTime', kit.timestamp(a.create_time), 'settleTime', kit.timestamp(a.settle_time)) ORDER BY a.number)
      FROM attempt a WHERE a.payment_id = shown.id), '[]'),
    'refunds', coalesce((SELECT jsonb_agg(jsonb_build_object(
      'id', r.id, 'state', r.state, 'amountMinor', r.amount_minor::text, 'reason', r.reason,
      'createTime', kit.timestamp(r.create_time), 'settleTime', kit.timestamp(r.settle_time)) ORDER BY r.create_time, r.id)
      FROM refund r WHERE r.payment_id = shown.id), '[]'))
$$;

-- What the platform took of a charge.
CREATE FUNCTION platform_fee_of(target uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(-sum(e.amount_minor), 0)::bigint FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
   WHERE t.business_key = 'charge:' || target AND e.account = 'PLATFORM_FEE'
$$;

-- The share of a fee that comes back with a refund: in proportion, half a minor unit rounded up, of all that has been refunded, less what
-- came back before. So that all refunds of a payment together give back the fee, whatever the parts.
CREATE FUNCTION fee_share(fee bigint, paid bigint, refunded bigint, came_back bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(floor(fee::numeric * refunded / paid + 0.5)::bigint - came_back, 0)
$$;

-- Writes down a refund and takes it for as long as the lease: from here on it happens. The money moves from the seller and
-- the platform's fee to what is due to the buyer. Null: all of what is left. Refuses more than is left, counting what others have begun.
-- Gives nothing when this refund was begun before, or when all was given back and all was asked for.
CREATE FUNCTION begin_refund(call jsonb, new_id uuid, target uuid, wanted bigint, why text, lease_ms integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  begun record;
  made refund;
BEGIN
  SELECT * INTO own FROM payment WHERE id = target FOR NO KEY UPDATE;
  PERFORM FROM refund WHERE id = new_id;
  IF FOUND THEN RETURN false; END IF;
  IF own.state = 'CHARGED_BACK' THEN RAISE 'PAYMENT_CHARGED_BACK' USING ERRCODE = 'MOA01'; END IF;
  SELECT coalesce(sum(amount_minor), 0)::bigint AS amount, coalesce(sum(platform_fee_minor), 0)::bigint AS platform_fee INTO begun
    FROM refund WHERE payment_id = target AND state <> 'REFUSED';
  IF wanted IS NULL AND begun.amount = own.amount_minor THEN RETURN false; END IF;
  IF begun.amount + coalesce(wanted, 0) > own.amount_minor THEN
    RAISE 'REFUND_TOO_LARGE' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('leftMinor', (own.amount_minor - begun.amount)::text);
  END IF;
  made.amount_minor := coalesce(wanted, own.amount_minor - begun.amount);
  INSERT INTO refund (id, payment_id, amount_minor, platform_fee_minor, reason, state, due_time, tries, trace, create_time)
    VALUES (new_id, target, made.amount_minor,
      fee_share(platform_fee_of(target), own.amount_minor, begun.amount + made.amount_minor, begun.platform_fee),
      why, 'BEGUN', clock_timestamp() + lease_ms * interval '1 millisecond', 1, call->>'trace', kit.at(call))
    RETURNING * INTO made;
  PERFORM post_transaction(call, 'refund-due:' || made.id, 'REFUND_DUE', target, own.currency, refund_due(made, own.seller_id));
  RETURN true;
END $$;

-- The entries of a refund that is due: mirrored, those of one that was refused.
CREATE FUNCTION refund_due(r refund, seller uuid, sign integer DEFAULT 1) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(
    jsonb_build_object('account', 'BUYER_REFUNDS_DUE', 'amountMinor', -sign * r.amount_minor),
    jsonb_build_object('account', 'PLATFORM_FEE', 'amountMinor', sign * r.platform_fee_minor),
    jsonb_build_object('account', 'SELLER_PAYABLE', 'ownerId', seller, 'amountMinor', sign * (r.amount_minor - r.platform_fee_minor)))
$$;

-- Takes the refund that has been due longest, for as long as the lease.
CREATE FUNCTION claim_refund(lease_ms integer)
RETURNS TABLE (id uuid, payment_id uuid, amount_minor bigint, currency text, reason text, tries integer, trace text, charge_id text) LANGUAGE sql AS $$
  WITH due AS (
    SELECT r.id FROM refund r WHERE r.state = 'BEGUN' AND r.due_time <= clock_timestamp() ORDER BY r.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE refund r SET tries = r.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, attempt a, payment p
  WHERE r.id = due.id AND p.id = r.payment_id AND a.payment_id = r.payment_id AND a.state IN ('SUCCEEDED', 'CANCELED')
  RETURNING r.id, r.payment_id, r.amount_minor, p.currency::text, r.reason, r.tries, r.trace, a.provider_charge_id
$$;

-- The provider gave a refund back, and so much of its fee with it: refund, payment, ledger and event together, once.
CREATE FUNCTION settle_refund(call jsonb, target uuid, came_back bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  done refund;
  own payment;
BEGIN
  PERFORM FROM payment WHERE id = (SELECT payment_id FROM refund WHERE id = target) FOR NO KEY UPDATE;
  UPDATE refund SET state = 'SETTLED', settle_time = kit.at(call) WHERE id = target AND state = 'BEGUN' RETURNING * INTO done;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE payment SET refunded_minor = refunded_minor + done.amount_minor, version = version + 1,
      state = CASE WHEN state = 'CHARGED_BACK' THEN state WHEN refunded_minor + done.amount_minor = amount_minor THEN 'CANCELED' ELSE 'PARTIALLY_REFUNDED' END
    WHERE id = done.payment_id RETURNING * INTO own;
  -- What the provider gives back of its fee is the seller's, who had paid it.
  PERFORM post_transaction(call, 'refund:' || done.id, 'REFUND', own.id, own.currency, jsonb_build_array(
    jsonb_build_object('account', 'BUYER_REFUNDS_DUE', 'amountMinor', done.amount_minor),
    jsonb_build_object('account', 'PROVIDER_CLEARING', 'amountMinor', -done.amount_minor),
    jsonb_build_object('account', 'PROVIDER_FEE', 'amountMinor', came_back),
    jsonb_build_object('account', 'SELLER_PAYABLE', 'ownerId', own.seller_id, 'amountMinor', -came_back)));
  PERFORM tell_refund(call, own, done);
  RETURN true;
END $$;

-- Tells of a refund; and once, that nothing is left.
CREATE FUNCTION tell_refund(call jsonb, own payment, done refund) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  number integer;
BEGIN
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentRefunded', own.id::text, own.version, (payment_event(own, 0) - 'attempt') || jsonb_build_object(
    'amount', kit.money(own.currency, done.amount_minor), 'refunded', kit.money(own.currency, own.refunded_minor), 'refundId', done.id,
    'inFull', own.refunded_minor = own.amount_minor));
  IF own.state = 'CANCELED' THEN
    UPDATE attempt SET state = 'CANCELED' WHERE payment_id = own.id AND state = 'SUCCEEDED' RETURNING attempt.number INTO number;
    UPDATE payment SET version = version + 1 WHERE id = own.id;
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentCanceled', own.id::text, own.version + 1, payment_event(own, number));
  END IF;
END $$;

-- The provider will not give it back: the money is the seller's again.
CREATE FUNCTION refuse_refund(call jsonb, target uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  refused refund;
  own payment;
BEGIN
  SELECT * INTO own FROM payment WHERE id = (SELECT payment_id FROM refund WHERE id = target) FOR NO KEY UPDATE;
  UPDATE refund SET state = 'REFUSED', settle_time = kit.at(call) WHERE id = target AND state = 'BEGUN' RETURNING * INTO refused;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM post_transaction(call, 'refund-refused:' || refused.id, 'REFUND_REFUSED', own.id, own.currency, refund_due(refused, own.seller_id, -1));
  RETURN true;
END $$;

-- What the provider gave back of its own accord: due and given back at once, the first time that it is told of.
CREATE FUNCTION take_foreign_refund(call jsonb, new_id uuid, target uuid, provider_id text, amount bigint, came_back bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  counted record;
  made refund;
BEGIN
  SELECT * INTO own FROM payment WHERE id = target FOR NO KEY UPDATE;
  PERFORM FROM refund WHERE provider_refund_id = provider_id;
  IF FOUND THEN RETURN false; END IF;
  -- Those of ours that are under way count, unless there is no room for them: then the provider refuses them.
  SELECT coalesce(sum(amount_minor), 0)::bigint AS amount, coalesce(sum(platform_fee_minor), 0)::bigint AS platform_fee INTO counted
    FROM refund WHERE payment_id = target AND (state = 'SETTLED' OR state = 'BEGUN' AND (
      SELECT sum(amount_minor) FROM refund WHERE payment_id = target AND state <> 'REFUSED') + amount <= own.amount_minor);
  INSERT INTO refund (id, payment_id, amount_minor, platform_fee_minor, reason, state, provider_refund_id, create_time)
    VALUES (new_id, target, amount, fee_share(platform_fee_of(target), own.amount_minor, counted.amount + amount, counted.platform_fee),
      'given back at the provider', 'BEGUN', provider_id, kit.at(call)) RETURNING * INTO made;
  PERFORM post_transaction(call, 'refund-due:' || made.id, 'REFUND_DUE', target, own.currency, refund_due(made, own.seller_id));
  RETURN settle_refund(call, new_id, came_back);
END $$;

-- The payer's bank took back what had not been refunded: payment, ledger and event together, once. The platform gives up its fee; the
-- provider does not.
CREATE FUNCTION charge_back(call jsonb, target uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  number integer;
  left_minor bigint;
  fee_left bigint;
BEGIN
  PERFORM FROM payment WHERE id = target FOR NO KEY UPDATE;
  UPDATE payment SET state = 'CHARGED_BACK', version = version + 1 WHERE id = target AND state IN ('COMPLETED', 'PARTIALLY_REFUNDED') RETURNING * INTO own;
  IF NOT FOUND THEN RETURN false; END IF;
  left_minor := own.amount_minor - own.refunded_minor;
  SELECT platform_fee_of(target) - coalesce(sum(platform_fee_minor), 0)::bigint INTO fee_left FROM refund WHERE payment_id = target AND state = 'SETTLED';
  PERFORM post_transaction(call, 'chargeback:' || target, 'CHARGEBACK', target, own.currency, jsonb_build_array(
    jsonb_build_object('account', 'PROVIDER_CLEARING', 'amountMinor', -left_minor),
    jsonb_build_object('account', 'PLATFORM_FEE', 'amountMinor', fee_left),
    jsonb_build_object('account', 'SELLER_PAYABLE', 'ownerId', own.seller_id, 'amountMinor', left_minor - fee_left)));
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentChargedBack', target::text, own.version,
    (payment_event(own, 0) - 'attempt') || jsonb_build_object('amount', kit.money(own.currency, left_minor)));
  RETURN true;
END $$;

-- What the ledger says of a payment: taken in, given back, and what the provider kept.
CREATE OR REPLACE FUNCTION ledger_of(target uuid, OUT charged bigint, OUT returned bigint, OUT fee bigint) LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_CLEARING' AND e.amount_minor > 0), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_CLEARING' AND e.amount_minor < 0), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
   WHERE t.payment_id = target
$$;
