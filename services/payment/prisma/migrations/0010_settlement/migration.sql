-- Fees as policy, settlements, and payouts.

-- What the platform takes, and when sellers are paid. A policy holds from its time on, for one seller or for all; none is ever changed.
CREATE TABLE fee_policy (
  id uuid PRIMARY KEY,
  -- Null: for everybody without a policy of his own.
  seller_id uuid,
  valid_from timestamptz NOT NULL,
  -- Of what buyers pay, in hundredths of a percent.
  platform_basis_points integer NOT NULL CHECK (platform_basis_points BETWEEN 0 AND 5000),
  -- How much of what is due may be paid before the final settlement.
  early_basis_points integer NOT NULL CHECK (early_basis_points BETWEEN 0 AND 10000),
  -- How long after the last charge the final settlement may be made: the time in which backers ask for refunds.
  final_after_days integer NOT NULL CHECK (final_after_days BETWEEN 0 AND 365),
  creator_id uuid,
  create_time timestamptz NOT NULL
);
CREATE INDEX fee_policy_by_seller ON fee_policy (seller_id, valid_from DESC);
INSERT INTO fee_policy (id, valid_from, platform_basis_points, early_basis_points, final_after_days, create_time)
  VALUES ('00000000-0000-7000-8000-000000000001', '2000-01-01', 500, 6000, 14, '2000-01-01');

-- The policy that holds for a seller at a time: the latest of his own, else of everybody's.
CREATE FUNCTION fee_policy_of(seller uuid, at timestamptz) RETURNS fee_policy LANGUAGE sql STABLE AS $$
  SELECT * FROM fee_policy WHERE (seller_id = seller OR seller_id IS NULL) AND valid_from <= at
   ORDER BY seller_id IS NULL, valid_from DESC, id DESC LIMIT 1
$$;

-- As before, with what the platform takes of this payment: by the policy at the time when it was asked for.
DROP FUNCTION claim_attempt(integer);
CREATE FUNCTION claim_attempt(lease_ms integer)
RETURNS TABLE (payment_id uuid, number integer, was text, tries integer, trace text, billing_key text, pledge_id uuid, seller_id uuid, currency text,
  amount_minor bigint, platform_basis_points integer)
LANGUAGE sql AS $$
  WITH due AS (
    SELECT a.payment_id, a.number, a.state FROM attempt a
    WHERE a.state IN ('PENDING', 'UNKNOWN') AND a.due_time <= clock_timestamp()
    ORDER BY a.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE attempt a SET state = 'UNKNOWN', tries = a.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, payment p, billing_method b
  WHERE a.payment_id = due.payment_id AND a.number = due.number AND p.id = a.payment_id AND b.id = a.billing_method_id
  RETURNING a.payment_id, a.number, due.state, a.tries, a.trace, b.billing_key, p.pledge_id, p.seller_id, p.currency, p.amount_minor,
    (fee_policy_of(p.seller_id, p.create_time)).platform_basis_points
$$;

-- Projects whose charges have all ended, as funding tells it.
CREATE TABLE settled_project (
  project_id uuid PRIMARY KEY,
  seller_id uuid NOT NULL,
  settle_time timestamptz NOT NULL
);

-- What a seller has earned with a project since its last settlement.
CREATE TABLE settlement (
  id uuid PRIMARY KEY,
  seller_id uuid NOT NULL,
  project_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('EARLY', 'FINAL', 'ADJUSTMENT')),
  currency char(3) NOT NULL,
  -- What was taken in, and what was given back of it; less than nothing when the provider refused what counted as given back before.
  gross_minor bigint NOT NULL CHECK (gross_minor >= 0),
  refund_minor bigint NOT NULL,
  -- Less what came back of them with refunds: below zero when more came back than was taken.
  platform_fee_minor bigint NOT NULL,
  provider_fee_minor bigint NOT NULL,
  -- What the seller gives to coupons of his own.
  coupon_minor bigint NOT NULL DEFAULT 0 CHECK (coupon_minor >= 0),
  -- What an earlier settlement of the project held back, and what earlier ones of the seller were short of.
  held_before_minor bigint NOT NULL CHECK (held_before_minor >= 0),
  short_before_minor bigint NOT NULL CHECK (short_before_minor >= 0),
  -- To be paid out; and what is left for the next: held back of this project, or short.
  net_minor bigint NOT NULL CHECK (net_minor >= 0),
  held_after_minor bigint NOT NULL CHECK (held_after_minor >= 0),
  short_after_minor bigint NOT NULL CHECK (short_after_minor >= 0),
  creator_id uuid NOT NULL,
  create_time timestamptz NOT NULL,
  CHECK (gross_minor - refund_minor - platform_fee_minor - provider_fee_minor - coupon_minor + held_before_minor - short_before_minor
    = net_minor + held_after_minor - short_after_minor)
);
CREATE INDEX settlement_newest ON settlement (id DESC);
CREATE INDEX settlement_by_seller ON settlement (seller_id, id DESC);
CREATE INDEX settlement_by_project ON settlement (project_id, id DESC);
CREATE UNIQUE INDEX settlement_one_final ON settlement (project_id) WHERE kind = 'FINAL';

-- What a settlement is made of: each transaction of the ledger belongs to one, for ever.
CREATE TABLE settlement_item (
  transaction_id bigint PRIMARY KEY REFERENCES ledger_transaction,
  settlement_id uuid NOT NULL REFERENCES settlement
);
CREATE INDEX settlement_item_by_settlement ON settlement_item (settlement_id, transaction_id);

-- What a seller is short of: one row, which everybody who settles takes first.
CREATE TABLE seller_account (
  seller_id uuid NOT NULL,
  currency char(3) NOT NULL,
  short_minor bigint NOT NULL DEFAULT 0 CHECK (short_minor >= 0),
  PRIMARY KEY (seller_id, currency)
);

CREATE TABLE payout (
  id uuid PRIMARY KEY,
  settlement_id uuid NOT NULL REFERENCES settlement,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  state text NOT NULL CHECK (state IN ('REQUESTED', 'REJECTED', 'APPROVED', 'PAID', 'FAILED')),
  requester_id uuid NOT NULL,
  -- Somebody else.
  approver_id uuid CHECK (approver_id <> requester_id),
  -- Why it was rejected, or why the bank did not make it.
  reason text NOT NULL DEFAULT '',
  bank_transfer_id text,
  due_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0,
  trace text,
  create_time timestamptz NOT NULL,
  decide_time timestamptz,
  end_time timestamptz,
  CHECK ((approver_id IS NULL) = (state = 'REQUESTED'))
);
CREATE UNIQUE INDEX payout_one_live ON payout (settlement_id) WHERE state IN ('REQUESTED', 'APPROVED', 'PAID');
CREATE INDEX payout_by_settlement ON payout (settlement_id, id);
CREATE INDEX payout_newest ON payout (id DESC);
CREATE INDEX payout_due ON payout (due_time) WHERE state = 'APPROVED';

-- The bank's account, and what a payout books.
ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_kind_check,
  ADD CHECK (kind IN ('CHARGE', 'CANCEL', 'REFUND_DUE', 'REFUND', 'REFUND_REFUSED', 'CHARGEBACK', 'PAYOUT'));
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_account_check,
  ADD CHECK (account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE', 'SELLER_PAYABLE', 'PLATFORM_FEE', 'PROVIDER_FEE', 'BANK'));

CREATE INDEX payment_by_project ON payment (project_id, id);

-- Adds up what a project has earned since its last settlement. An early one pays a share of what is due; a final one all of it, once;
-- what comes after is an adjustment. What is short is carried over to the seller's next.
CREATE FUNCTION create_settlement(call jsonb, new_id uuid, project uuid, wanted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  seller uuid;
  money text;
  policy fee_policy;
  possible_from timestamptz;
  short bigint;
  held bigint;
  ids bigint[];
  sums record;
  due bigint;
  net bigint;
  made settlement;
BEGIN
  SELECT seller_id, currency INTO seller, money FROM payment WHERE project_id = project LIMIT 1;
  IF NOT FOUND THEN RAISE 'PROJECT_WITHOUT_PAYMENTS' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('projectId', project); END IF;
  -- Who settles with a seller does so alone: nobody adds the same up, or carries the same over.
  INSERT INTO seller_account (seller_id, currency) VALUES (seller, money) ON CONFLICT DO NOTHING;
  SELECT short_minor INTO short FROM seller_account WHERE seller_id = seller AND currency = money FOR UPDATE;
  policy := fee_policy_of(seller, kit.at(call));
  PERFORM FROM settlement WHERE project_id = project AND kind = 'FINAL';
  IF FOUND <> (wanted = 'ADJUSTMENT') THEN
    RAISE '%', CASE WHEN wanted = 'ADJUSTMENT' THEN 'PROJECT_NOT_FINALLY_SETTLED' ELSE 'PROJECT_FINALLY_SETTLED' END USING ERRCODE = 'MOA01';
  END IF;
  SELECT settle_time + policy.final_after_days * interval '1 day' INTO possible_from FROM settled_project WHERE project_id = project;
  IF wanted = 'FINAL' AND coalesce(possible_from > kit.at(call), true) THEN
    RAISE 'FINAL_SETTLEMENT_TOO_EARLY' USING ERRCODE = 'MOA01',
      DETAIL = jsonb_build_object('possibleFrom', coalesce(kit.timestamp(possible_from), 'when every charge has ended'));
  END IF;

  SELECT coalesce(array_agg(t.id), '{}') INTO ids FROM payment p JOIN ledger_transaction t ON t.payment_id = p.id
   WHERE p.project_id = project AND NOT EXISTS (SELECT FROM settlement_item i WHERE i.transaction_id = t.id);
  SELECT coalesce(sum(e.amount_minor) FILTER (WHERE t.kind = 'CHARGE' AND e.account = 'PROVIDER_CLEARING'), 0)::bigint AS gross,
         coalesce(-sum(e.amount_minor) FILTER (WHERE t.kind <> 'CHARGE' AND e.account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE')), 0)::bigint AS refunds,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PLATFORM_FEE'), 0)::bigint AS platform_fee,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint AS provider_fee
    INTO sums FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id WHERE t.id = ANY (ids);
  -- What is held now: ids do not tell who was last, since they are made before the seller's account is held.
  SELECT coalesce(sum(held_after_minor - held_before_minor), 0)::bigint INTO held FROM settlement WHERE project_id = project;

  due := sums.gross - sums.refunds - sums.platform_fee - sums.provider_fee + held - short;
  net := CASE WHEN due <= 0 THEN 0 WHEN wanted = 'EARLY' THEN floor(due::numeric * policy.early_basis_points / 10000)::bigint ELSE due END;
  INSERT INTO settlement (id, seller_id, project_id, kind, currency, gross_minor, refund_minor, platform_fee_minor, provider_fee_minor,
      held_before_minor, short_before_minor, net_minor, held_after_minor, short_after_minor, creator_id, create_time)
    VALUES (new_id, seller, project, wanted, money, sums.gross, sums.refunds, sums.platform_fee, sums.provider_fee,
      held, short, net, greatest(due, 0) - net, greatest(-due, 0), (call->>'caller')::uuid, kit.at(call)) RETURNING * INTO made;
  INSERT INTO settlement_item (transaction_id, settlement_id) SELECT unnest(ids), new_id;
  UPDATE seller_account SET short_minor = made.short_after_minor WHERE seller_id = seller AND currency = money;
  PERFORM kit.emit(call, 'moa.payment.v1.SettlementCreated', new_id::text, 1, jsonb_build_object('settlementId', new_id, 'sellerId', seller,
    'projectId', project, 'net', kit.money(money, net - made.short_after_minor), 'createTime', kit.timestamp(kit.at(call))));
END $$;

-- Asks for a settlement to be paid out. Somebody else approves it.
CREATE FUNCTION request_payout(call jsonb, new_id uuid, target uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  of settlement;
BEGIN
  SELECT * INTO of FROM settlement WHERE id = target FOR UPDATE;
  IF NOT FOUND THEN RAISE 'SETTLEMENT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF of.net_minor = 0 THEN RAISE 'NOTHING_TO_PAY_OUT' USING ERRCODE = 'MOA01'; END IF;
  PERFORM FROM payout WHERE settlement_id = target AND state IN ('REQUESTED', 'APPROVED', 'PAID');
  IF FOUND THEN RAISE 'PAYOUT_REQUESTED_BEFORE' USING ERRCODE = 'MOA01'; END IF;
  INSERT INTO payout (id, settlement_id, amount_minor, state, requester_id, create_time)
    VALUES (new_id, target, of.net_minor, 'REQUESTED', (call->>'caller')::uuid, kit.at(call));
END $$;

-- A second person decides. Approved, it is paid by whoever takes it next.
CREATE FUNCTION decide_payout(call jsonb, target uuid, approved boolean, why text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  of payout;
BEGIN
  SELECT * INTO of FROM payout WHERE id = target FOR UPDATE;
  IF NOT FOUND THEN RAISE 'PAYOUT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF of.requester_id = (call->>'caller')::uuid THEN RAISE 'SAME_PERSON' USING ERRCODE = 'MOA01'; END IF;
  IF of.state <> 'REQUESTED' THEN RAISE 'PAYOUT_DECIDED' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('state', of.state); END IF;
  UPDATE payout SET state = CASE WHEN approved THEN 'APPROVED' ELSE 'REJECTED' END, approver_id = (call->>'caller')::uuid, reason = why,
      decide_time = kit.at(call), end_time = CASE WHEN NOT approved THEN kit.at(call) END, trace = call->>'trace', due_time = clock_timestamp()
    WHERE id = target;
END $$;

-- Takes the approved payout that has been due longest, for as long as the lease.
CREATE FUNCTION claim_payout(lease_ms integer)
RETURNS TABLE (id uuid, settlement_id uuid, seller_id uuid, currency text, amount_minor bigint, tries integer, trace text) LANGUAGE sql AS $$
  WITH due AS (
    SELECT p.id FROM payout p WHERE p.state = 'APPROVED' AND p.due_time <= clock_timestamp() ORDER BY p.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE payout p SET tries = p.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, settlement s WHERE p.id = due.id AND s.id = p.settlement_id
  RETURNING p.id, p.settlement_id, s.seller_id, s.currency::text, p.amount_minor, p.tries, p.trace
$$;

-- The bank has made it: payout, ledger and event together, once.
CREATE FUNCTION settle_payout(call jsonb, target uuid, transfer_id text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  done payout;
  of settlement;
BEGIN
  UPDATE payout SET state = 'PAID', bank_transfer_id = transfer_id, end_time = kit.at(call) WHERE id = target AND state = 'APPROVED' RETURNING * INTO done;
  IF NOT FOUND THEN RETURN false; END IF;
  SELECT * INTO of FROM settlement WHERE id = done.settlement_id;
  PERFORM post_transaction(call, 'payout:' || target, 'PAYOUT', NULL, of.currency, jsonb_build_array(
    jsonb_build_object('account', 'SELLER_PAYABLE', 'ownerId', of.seller_id, 'amountMinor', done.amount_minor),
    jsonb_build_object('account', 'BANK', 'amountMinor', -done.amount_minor)));
  PERFORM kit.emit(call, 'moa.payment.v1.PayoutPaid', of.id::text, 2, jsonb_build_object('settlementId', of.id, 'payoutId', target,
    'sellerId', of.seller_id, 'amount', kit.money(of.currency, done.amount_minor), 'payTime', kit.timestamp(kit.at(call))));
  RETURN true;
END $$;

-- The bank will not make it: another may be asked for.
CREATE FUNCTION fail_payout(call jsonb, target uuid, why text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payout SET state = 'FAILED', reason = why, end_time = kit.at(call) WHERE id = target AND state = 'APPROVED';
  RETURN FOUND;
END $$;
