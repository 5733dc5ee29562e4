-- Times of business (create_time, settle_time) are the house's one clock and come with the call. Leases and pauses (due_time) are real
-- time, the database's own: one clock for every copy of the service, which no demo moves.

-- Cards that their owners allowed to be charged. The provider keeps the number; its key is of use only to who holds the API key, too.
CREATE TABLE billing_method (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL,
  -- Who asks again after a crash finds what the first call made.
  request_id uuid NOT NULL,
  billing_key text NOT NULL,
  brand text NOT NULL,
  last4 text NOT NULL CHECK (last4 ~ '^[0-9]{4}$'),
  create_time timestamptz NOT NULL,
  UNIQUE (account_id, request_id)
);
CREATE INDEX billing_method_newest ON billing_method (account_id, id DESC);

-- The money of a pledge: one for each.
CREATE TABLE payment (
  id uuid PRIMARY KEY,
  pledge_id uuid NOT NULL UNIQUE,
  project_id uuid NOT NULL,
  seller_id uuid NOT NULL,
  payer_id uuid NOT NULL,
  currency char(3) NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  state text NOT NULL CHECK (state IN ('CHARGING', 'COMPLETED', 'FAILED', 'CANCELED')),
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL
);
CREATE INDEX payment_newest ON payment (payer_id, id DESC);

-- Tries to charge. PENDING waits to be sent; UNKNOWN may have reached the provider, which is asked before it is sent again.
CREATE TABLE attempt (
  payment_id uuid NOT NULL REFERENCES payment,
  number integer NOT NULL CHECK (number >= 1),
  billing_method_id uuid NOT NULL REFERENCES billing_method,
  state text NOT NULL CHECK (state IN ('PENDING', 'UNKNOWN', 'SUCCEEDED', 'DECLINED', 'CANCELED')),
  provider_charge_id text UNIQUE,
  decline_code text,
  -- Nobody takes an open attempt before this: a lease while somebody is at work on it, a pause when the provider gave no answer.
  due_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0,
  -- Of the call that asked for the charge: its outcome belongs to the same story.
  trace text,
  create_time timestamptz NOT NULL,
  settle_time timestamptz,
  PRIMARY KEY (payment_id, number),
  CHECK ((settle_time IS NULL) = (state IN ('PENDING', 'UNKNOWN'))),
  CHECK ((decline_code IS NOT NULL) = (state = 'DECLINED'))
);
CREATE UNIQUE INDEX attempt_one_open ON attempt (payment_id) WHERE state IN ('PENDING', 'UNKNOWN');
CREATE INDEX attempt_due ON attempt (due_time) WHERE state IN ('PENDING', 'UNKNOWN');

-- Payments to give back: written before the provider is asked, so that a cancel that was begun is always ended.
CREATE TABLE cancellation (
  payment_id uuid PRIMARY KEY REFERENCES payment,
  reason text NOT NULL,
  due_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0,
  trace text,
  create_time timestamptz NOT NULL,
  settle_time timestamptz
);
CREATE INDEX cancellation_due ON cancellation (due_time) WHERE settle_time IS NULL;

-- The books: double entry, append only. Debit is positive, credit negative; each transaction sums to zero in each currency.
CREATE TABLE ledger_transaction (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- What it is for, for ever: "charge:<payment>" can stand here once.
  business_key text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('CHARGE', 'CANCEL')),
  create_time timestamptz NOT NULL
);
CREATE TABLE ledger_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id bigint NOT NULL REFERENCES ledger_transaction,
  account text NOT NULL CHECK (account IN ('PROVIDER_CLEARING', 'SELLER_PAYABLE', 'PLATFORM_FEE', 'PROVIDER_FEE')),
  owner_id uuid,
  currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
  CHECK ((owner_id IS NOT NULL) = (account = 'SELLER_PAYABLE'))
);
CREATE INDEX ledger_entry_transaction_id ON ledger_entry (transaction_id);
-- A balance is the sum of its entries, read from this index alone. No row of balances that every charge would wait for.
CREATE INDEX ledger_entry_balance ON ledger_entry (account, currency, owner_id) INCLUDE (amount_minor);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'the ledger is append only: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transaction EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry EXECUTE FUNCTION refuse_change();
-- Rights as well as triggers: the service's role may read and add. A role that owned the tables could take both back, so the stack
-- migrates as another.
DO $$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT DISTINCT c.oid::regclass AS ledger, a.grantee::regrole AS role FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid IN ('ledger_transaction'::regclass, 'ledger_entry'::regclass) AND a.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM %s', granted.ledger, granted.role);
  END LOOP;
END $$;

-- Looked at when the transaction commits, all its entries being there.
CREATE FUNCTION check_entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM ledger_entry WHERE transaction_id = NEW.transaction_id GROUP BY currency HAVING sum(amount_minor) <> 0;
  IF FOUND THEN RAISE 'ledger transaction % does not sum to zero', NEW.transaction_id USING ERRCODE = 'check_violation'; END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_entries_balance();

CREATE FUNCTION check_has_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM ledger_entry WHERE transaction_id = NEW.id;
  IF NOT FOUND THEN RAISE 'ledger transaction % has no entries', NEW.id USING ERRCODE = 'check_violation'; END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER has_entries AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_has_entries();

-- What the provider told of its own accord. handle_time is empty while it is being looked into.
CREATE TABLE provider_event (
  id text PRIMARY KEY,
  type text NOT NULL,
  receive_time timestamptz NOT NULL,
  handle_time timestamptz
);
CREATE INDEX provider_event_receive_time ON provider_event (receive_time);

-- A payment with its attempts, as the service's answers hold it.
CREATE FUNCTION payment_json(shown payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', shown.id, 'pledgeId', shown.pledge_id, 'projectId', shown.project_id, 'payerId', shown.payer_id, 'state', shown.state,
    'currency', shown.currency, 'amountMinor', shown.amount_minor::text, 'createTime', kit.timestamp(shown.create_time),
    'attempts', coalesce((SELECT jsonb_agg(jsonb_build_object(
      'number', a.number, 'state', a.state, 'providerChargeId', a.provider_charge_id, 'declineCode', a.decline_code,
      'createTime', kit.timestamp(a.create_time), 'settleTime', kit.timestamp(a.settle_time)) ORDER BY a.number)
      FROM attempt a WHERE a.payment_id = shown.id), '[]'))
$$;

-- What every event of a payment tells.
CREATE FUNCTION payment_event(told payment, attempt_number integer) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('paymentId', told.id, 'pledgeId', told.pledge_id, 'projectId', told.project_id, 'payerId', told.payer_id,
    'amount', kit.money(told.currency, told.amount_minor), 'attempt', attempt_number)
$$;

-- Takes charges in: a payment for each pledge, and the attempt to be sent. All of them, or none and why.
-- An attempt that is there already changes nothing. The next one is taken only when the last was declined.
CREATE FUNCTION charge_pledges(call jsonb, charges jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  charge record;
  stored payment;
  last attempt;
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;

  -- In the order of the pledges: two batches that share some wait for each other, never in a circle.
  FOR charge IN
    SELECT * FROM jsonb_to_recordset(charges) AS c("newPaymentId" uuid, "pledgeId" uuid, "projectId" uuid, "sellerId" uuid, "payerId" uuid,
      "billingMethodId" uuid, currency char(3), "amountMinor" bigint, attempt integer)
    ORDER BY "pledgeId"
  LOOP
    INSERT INTO payment (id, pledge_id, project_id, seller_id, payer_id, currency, amount_minor, state, version, create_time)
      VALUES (charge."newPaymentId", charge."pledgeId", charge."projectId", charge."sellerId", charge."payerId", charge.currency,
        charge."amountMinor", 'CHARGING', 0, kit.at(call))
      ON CONFLICT (pledge_id) DO NOTHING;
    SELECT * INTO stored FROM payment WHERE pledge_id = charge."pledgeId" FOR NO KEY UPDATE;
    IF (stored.project_id, stored.seller_id, stored.payer_id, stored.currency, stored.amount_minor)
       <> (charge."projectId", charge."sellerId", charge."payerId", charge.currency, charge."amountMinor") THEN
      RAISE 'CHARGE_CHANGED' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('pledgeId', charge."pledgeId");
    END IF;

    SELECT * INTO last FROM attempt WHERE payment_id = stored.id ORDER BY number DESC LIMIT 1;
    CONTINUE WHEN charge.attempt <= last.number;
    IF charge.attempt <> coalesce(last.number, 0) + 1 OR last.state <> 'DECLINED' THEN
      RAISE 'ATTEMPT_NOT_DUE' USING ERRCODE = 'MOA01', DETAIL =
        jsonb_build_object('pledgeId', charge."pledgeId", 'lastAttempt', coalesce(last.number, 0)::text, 'lastState', coalesce(last.state, ''));
    END IF;
    PERFORM FROM billing_method WHERE id = charge."billingMethodId" AND account_id = charge."payerId";
    IF NOT FOUND THEN
      RAISE 'BILLING_METHOD_NOT_FOUND' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('pledgeId', charge."pledgeId");
    END IF;

    INSERT INTO attempt (payment_id, number, billing_method_id, state, trace, create_time)
      VALUES (stored.id, charge.attempt, charge."billingMethodId", 'PENDING', call->>'trace', kit.at(call));
    UPDATE payment SET state = 'CHARGING', version = version + 1 WHERE id = stored.id;
  END LOOP;

  RETURN kit.answer(call, (
    SELECT jsonb_agg(payment_json(p) ORDER BY c.place)
    FROM jsonb_array_elements(charges) WITH ORDINALITY AS c(charge, place) JOIN payment p ON p.pledge_id = (c.charge->>'pledgeId')::uuid));
END $$;

-- Takes the attempt that has been due longest, for as long as the lease. From here on it may reach the provider: its outcome is unknown.
-- It says what the attempt was: who takes one over that was UNKNOWN asks the provider first.
CREATE FUNCTION claim_attempt(lease_ms integer)
RETURNS TABLE (payment_id uuid, number integer, was text, tries integer, trace text, billing_key text, pledge_id uuid, seller_id uuid, currency text, amount_minor bigint)
LANGUAGE sql AS $$
  WITH due AS (
    SELECT a.payment_id, a.number, a.state FROM attempt a
    WHERE a.state IN ('PENDING', 'UNKNOWN') AND a.due_time <= clock_timestamp()
    ORDER BY a.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE attempt a SET state = 'UNKNOWN', tries = a.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, payment p, billing_method b
  WHERE a.payment_id = due.payment_id AND a.number = due.number AND p.id = a.payment_id AND b.id = a.billing_method_id
  RETURNING a.payment_id, a.number, due.state, a.tries, a.trace, b.billing_key, p.pledge_id, p.seller_id, p.currency, p.amount_minor
$$;

-- Writes a transaction with its entries: [{"account", "ownerId", "amountMinor"}].
CREATE FUNCTION post_transaction(call jsonb, business_key text, kind text, currency text, entries jsonb) RETURNS void LANGUAGE sql AS $$
  WITH posted AS (
    INSERT INTO ledger_transaction (business_key, kind, create_time) VALUES (business_key, kind, kit.at(call)) RETURNING id
  )
  INSERT INTO ledger_entry (transaction_id, account, owner_id, currency, amount_minor)
    SELECT posted.id, e.account, e."ownerId", post_transaction.currency, e."amountMinor"
    FROM posted, jsonb_to_recordset(entries) AS e(account text, "ownerId" uuid, "amountMinor" bigint)
$$;

-- The provider's answer to an attempt: attempt, payment, ledger and event together, once. False when it was settled before.
CREATE FUNCTION settle_attempt(call jsonb, target uuid, attempt_number integer, charge_id text, decline text, entries jsonb)
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
    PERFORM post_transaction(call, 'charge:' || target, 'CHARGE', settled.currency, entries);
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentCompleted', target::text, settled.version, payment_event(settled, attempt_number));
  ELSE
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentFailed', target::text, settled.version,
      payment_event(settled, attempt_number) || jsonb_build_object('declineCode', decline));
  END IF;
  RETURN true;
END $$;

-- Writes down that a payment is to be given back, and takes it for as long as the lease. Whoever comes second finds the first's reason.
CREATE FUNCTION begin_cancel(call jsonb, target uuid, why text, lease_ms integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO cancellation (payment_id, reason, due_time, tries, trace, create_time)
    VALUES (target, why, clock_timestamp() + lease_ms * interval '1 millisecond', 1, call->>'trace', kit.at(call))
    ON CONFLICT (payment_id) DO NOTHING
$$;

-- Takes the cancel that has been due longest, for as long as the lease.
CREATE FUNCTION claim_cancel(lease_ms integer) RETURNS TABLE (payment_id uuid, tries integer, trace text, charge_id text) LANGUAGE sql AS $$
  WITH due AS (
    SELECT c.payment_id FROM cancellation c
    WHERE c.settle_time IS NULL AND c.due_time <= clock_timestamp()
    ORDER BY c.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE cancellation c SET tries = c.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, attempt a
  WHERE c.payment_id = due.payment_id AND a.payment_id = c.payment_id AND a.state = 'SUCCEEDED'
  RETURNING c.payment_id, c.tries, c.trace, a.provider_charge_id
$$;

-- The provider gave a charge back: attempt, payment, ledger and event together, once. False when it was settled before.
-- The entries are the charge's, mirrored: the provider gives its fee back, too.
CREATE FUNCTION settle_cancel(call jsonb, target uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  canceled payment;
  attempt_number integer;
BEGIN
  PERFORM FROM payment WHERE id = target FOR NO KEY UPDATE;
  UPDATE payment SET state = 'CANCELED', version = version + 1 WHERE id = target AND state = 'COMPLETED' RETURNING * INTO canceled;
  IF NOT FOUND THEN RETURN false; END IF;

  UPDATE attempt SET state = 'CANCELED' WHERE payment_id = target AND state = 'SUCCEEDED' RETURNING number INTO attempt_number;
  -- Without a row, the provider gave it back of its own accord.
  INSERT INTO cancellation (payment_id, reason, create_time, settle_time)
    VALUES (target, 'given back at the provider', kit.at(call), kit.at(call))
    ON CONFLICT (payment_id) DO UPDATE SET settle_time = kit.at(call);
  PERFORM post_transaction(call, 'cancel:' || target, 'CANCEL', canceled.currency, (
    SELECT jsonb_agg(jsonb_build_object('account', e.account, 'ownerId', e.owner_id, 'amountMinor', -e.amount_minor))
    FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id WHERE t.business_key = 'charge:' || target));
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentCanceled', target::text, canceled.version, payment_event(canceled, attempt_number));
  RETURN true;
END $$;
