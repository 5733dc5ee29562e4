-- Settlements of orders, by period; fee policies of one flow, and fees with a fixed part.

-- A policy of one flow comes before one of both; a seller's own before everybody's.
ALTER TABLE fee_policy
  -- Null: for both.
  ADD COLUMN flow text CHECK (flow IN ('FUNDING', 'INSTANT')),
  -- Added to what is taken in this currency: once for each pledge, and for each seller of an order.
  ADD COLUMN fixed_currency char(3),
  ADD COLUMN fixed_minor bigint NOT NULL DEFAULT 0 CHECK (fixed_minor >= 0),
  ADD CONSTRAINT fee_policy_fixed_check CHECK ((fixed_currency IS NULL) = (fixed_minor = 0));

CREATE FUNCTION fee_policy_of(seller uuid, at timestamptz, of_flow text) RETURNS fee_policy LANGUAGE sql STABLE AS $$
  SELECT * FROM fee_policy WHERE (seller_id = seller OR seller_id IS NULL) AND (flow = of_flow OR flow IS NULL) AND valid_from <= at
   ORDER BY seller_id IS NULL, flow IS NULL, valid_from DESC, id DESC LIMIT 1
$$;

-- What the platform takes of something that was asked for at a time.
CREATE FUNCTION fee_terms(seller uuid, at timestamptz, of_flow text, money text)
RETURNS TABLE (platform_basis_points integer, platform_fixed_minor bigint) LANGUAGE sql STABLE AS $$
  SELECT p.platform_basis_points, CASE WHEN p.fixed_currency = money THEN p.fixed_minor ELSE 0 END FROM fee_policy_of(seller, at, of_flow) AS p
$$;

-- As before, with the fixed part of the fee.
DROP FUNCTION claim_attempt(integer);
CREATE FUNCTION claim_attempt(lease_ms integer)
RETURNS TABLE (payment_id uuid, number integer, was text, tries integer, trace text, billing_key text, pledge_id uuid, seller_id uuid, currency text,
  amount_minor bigint, platform_basis_points integer, platform_fixed_minor bigint)
LANGUAGE sql AS $$
  WITH due AS (
    SELECT a.payment_id, a.number, a.state FROM attempt a
    WHERE a.state IN ('PENDING', 'UNKNOWN') AND a.due_time <= clock_timestamp()
    ORDER BY a.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE attempt a SET state = 'UNKNOWN', tries = a.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
    FROM due, payment p, billing_method b
    WHERE a.payment_id = due.payment_id AND a.number = due.number AND p.id = a.payment_id AND b.id = a.billing_method_id
    RETURNING a.payment_id, a.number, due.state, a.tries, a.trace, b.billing_key, p.pledge_id, p.seller_id, p.currency::text AS currency, p.amount_minor, p.create_time
  )
  SELECT c.payment_id, c.number, c.state, c.tries, c.trace, c.billing_key, c.pledge_id, c.seller_id, c.currency, c.amount_minor,
         f.platform_basis_points, f.platform_fixed_minor
    FROM claimed c CROSS JOIN LATERAL fee_terms(c.seller_id, c.create_time, 'FUNDING', c.currency) AS f
$$;

-- As before, with the fees of the flow.
CREATE OR REPLACE FUNCTION instant_payment_json(shown payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', shown.id, 'orderId', shown.order_id, 'payerId', shown.payer_id, 'state', shown.state, 'currency', shown.currency,
    'amountMinor', shown.amount_minor::text, 'refundedMinor', shown.refunded_minor::text, 'createTime', kit.timestamp(shown.create_time),
    'orderName', i.order_name, 'returnUrl', i.return_url, 'checkoutUrl', i.checkout_url, 'expireTime', kit.timestamp(i.expire_time),
    'endTime', kit.timestamp(i.end_time),
    'shares', (SELECT jsonb_agg(jsonb_build_object(
      'sellerId', s.seller_id, 'paidMinor', s.paid_minor::text, 'platformCouponMinor', s.platform_coupon_minor::text,
      'sellerCouponMinor', s.seller_coupon_minor::text, 'pointsMinor', s.points_minor::text,
      'platformBasisPoints', f.platform_basis_points, 'platformFixedMinor', f.platform_fixed_minor::text,
      'refundedMinor', (SELECT coalesce(sum(b.amount_minor), 0)::text FROM refund r JOIN refund_share b ON b.refund_id = r.id
         WHERE r.payment_id = shown.id AND r.state <> 'REFUSED' AND b.seller_id = s.seller_id)) ORDER BY s.seller_id)
      FROM payment_share s CROSS JOIN LATERAL fee_terms(s.seller_id, shown.create_time, 'INSTANT', shown.currency) AS f WHERE s.payment_id = shown.id),
    'attempts', coalesce((SELECT jsonb_agg(jsonb_build_object(
      'number', c.number, 'state', c.state, 'paymentKey', c.payment_key, 'providerChargeId', c.provider_charge_id, 'declineCode', c.decline_code,
      'createTime', kit.timestamp(c.create_time), 'settleTime', kit.timestamp(c.settle_time)) ORDER BY c.number)
      FROM confirmation c WHERE c.payment_id = shown.id), '[]'),
    'refunds', refunds_json(shown.id))
    FROM instant_payment i WHERE i.payment_id = shown.id
$$;

-- What a chargeback of an order takes off one seller. Written with it: refunds that end later do not change it.
CREATE TABLE chargeback_share (
  payment_id uuid NOT NULL REFERENCES payment,
  seller_id uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  platform_coupon_minor bigint NOT NULL,
  seller_coupon_minor bigint NOT NULL,
  points_minor bigint NOT NULL,
  platform_fee_minor bigint NOT NULL,
  PRIMARY KEY (payment_id, seller_id)
);

-- As before; of an order it is kept whom it is taken off.
CREATE OR REPLACE FUNCTION charge_back(call jsonb, target uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  left_minor bigint;
  fee_left bigint;
  parts jsonb;
  entries jsonb;
BEGIN
  PERFORM FROM payment WHERE id = target FOR NO KEY UPDATE;
  UPDATE payment SET state = 'CHARGED_BACK', version = version + 1
    WHERE id = target AND state NOT IN ('CHARGED_BACK', 'REFUNDED') AND refunded_minor < amount_minor AND paid_charge_of(target) IS NOT NULL RETURNING * INTO own;
  IF NOT FOUND THEN RETURN false; END IF;
  left_minor := own.amount_minor - own.refunded_minor;
  IF own.order_id IS NULL THEN
    SELECT platform_fee_of(target) - coalesce(sum(platform_fee_minor), 0)::bigint INTO fee_left FROM refund WHERE payment_id = target AND state = 'SETTLED';
    entries := jsonb_build_array(
      jsonb_build_object('account', 'PROVIDER_CLEARING', 'amountMinor', -left_minor),
      jsonb_build_object('account', 'PLATFORM_FEE', 'amountMinor', fee_left),
      jsonb_build_object('account', 'SELLER_PAYABLE', 'ownerId', own.seller_id, 'amountMinor', left_minor - fee_left));
  ELSE
    parts := refund_parts(target, left_minor, NULL, '{SETTLED}');
    INSERT INTO chargeback_share (payment_id, seller_id, amount_minor, platform_coupon_minor, seller_coupon_minor, points_minor, platform_fee_minor)
      SELECT target, p."sellerId", p."amountMinor", p."platformCouponMinor", p."sellerCouponMinor", p."pointsMinor", p."platformFeeMinor"
        FROM jsonb_to_recordset(parts) AS p("sellerId" uuid, "amountMinor" bigint, "platformCouponMinor" bigint, "sellerCouponMinor" bigint,
          "pointsMinor" bigint, "platformFeeMinor" bigint);
    entries := undoing_entries(parts, 'PROVIDER_CLEARING');
  END IF;
  PERFORM post_transaction(call, 'chargeback:' || target, 'CHARGEBACK', target, own.currency, entries);
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentChargedBack', target::text, own.version,
    (payment_event(own, 0) - 'attempt') || jsonb_build_object('amount', kit.money(own.currency, left_minor)));
  RETURN true;
END $$;

-- A settlement is of a project, or of a seller's orders until a time. Coupons come back with refunds, so their share may be below zero.
ALTER TABLE settlement
  ALTER COLUMN project_id DROP NOT NULL,
  -- When the seller's last period ended; null for the first.
  ADD COLUMN period_start timestamptz,
  ADD COLUMN period_end timestamptz,
  DROP CONSTRAINT settlement_coupon_minor_check,
  DROP CONSTRAINT settlement_kind_check,
  ADD CONSTRAINT settlement_kind_check CHECK (kind IN ('EARLY', 'FINAL', 'ADJUSTMENT', 'PERIOD')),
  ADD CONSTRAINT settlement_of_check CHECK (CASE kind WHEN 'PERIOD'
    THEN project_id IS NULL AND period_end IS NOT NULL AND coalesce(period_start < period_end, true) AND held_before_minor = 0 AND held_after_minor = 0
    ELSE project_id IS NOT NULL AND period_start IS NULL AND period_end IS NULL END);
CREATE UNIQUE INDEX settlement_by_period ON settlement (seller_id, currency, period_end) WHERE kind = 'PERIOD';

-- A transaction of an order is of several sellers: it belongs to one settlement of each.
ALTER TABLE settlement_item ADD COLUMN seller_id uuid;
UPDATE settlement_item i SET seller_id = s.seller_id FROM settlement s WHERE s.id = i.settlement_id;
ALTER TABLE settlement_item ALTER COLUMN seller_id SET NOT NULL,
  DROP CONSTRAINT settlement_item_pkey, ADD PRIMARY KEY (transaction_id, seller_id);

CREATE INDEX payment_share_by_seller ON payment_share (seller_id);

-- What transactions of orders are to one of their sellers. What does not concern the seller is left out.
-- gross - platform_fee - provider_fee - coupon = net, and net is what the ledger's entries of the seller say.
CREATE FUNCTION order_lines(ids bigint[], whose uuid)
RETURNS TABLE (transaction_id bigint, kind text, gross_minor bigint, platform_fee_minor bigint, provider_fee_minor bigint, coupon_minor bigint, net_minor bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.id, t.kind,
         coalesce(p.sign * (p.paid + p.platform_coupon + p.seller_coupon + p.points), 0),
         coalesce(p.sign * p.platform_fee, 0),
         CASE t.kind WHEN 'CHARGE' THEN s.provider_fee_minor WHEN 'REFUND' THEN -own.net ELSE 0 END,
         coalesce(p.sign * p.seller_coupon, 0),
         own.net
    FROM ledger_transaction t
    JOIN payment_share s ON s.payment_id = t.payment_id AND s.seller_id = whose
   CROSS JOIN LATERAL (SELECT coalesce(-sum(e.amount_minor), 0)::bigint AS net FROM ledger_entry e WHERE e.transaction_id = t.id AND e.owner_id = whose) AS own
    LEFT JOIN LATERAL (
      SELECT 1 AS sign, s.paid_minor AS paid, s.platform_coupon_minor AS platform_coupon, s.seller_coupon_minor AS seller_coupon, s.points_minor AS points,
             s.platform_fee_minor AS platform_fee WHERE t.kind = 'CHARGE'
      UNION ALL SELECT CASE t.kind WHEN 'REFUND_DUE' THEN -1 ELSE 1 END, r.amount_minor, r.platform_coupon_minor, r.seller_coupon_minor, r.points_minor, r.platform_fee_minor
        FROM refund_share r WHERE t.kind IN ('REFUND_DUE', 'REFUND_REFUSED') AND r.refund_id = split_part(t.business_key, ':', 2)::uuid AND r.seller_id = whose
      UNION ALL SELECT -1, b.amount_minor, b.platform_coupon_minor, b.seller_coupon_minor, b.points_minor, b.platform_fee_minor
        FROM chargeback_share b WHERE t.kind = 'CHARGEBACK' AND b.payment_id = t.payment_id AND b.seller_id = whose) AS p ON true
   WHERE t.id = ANY (ids) AND (p.sign IS NOT NULL OR own.net <> 0)
$$;

-- Writes a settlement with what it is made of. What is short is carried over to the seller's next. The caller holds the seller's account.
CREATE FUNCTION write_settlement(call jsonb, made settlement, ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  made.creator_id := (call->>'caller')::uuid;
  made.create_time := kit.at(call);
  INSERT INTO settlement VALUES (made.*);
  INSERT INTO settlement_item (transaction_id, seller_id, settlement_id) SELECT unnest(ids), made.seller_id, made.id;
  UPDATE seller_account SET short_minor = made.short_after_minor WHERE seller_id = made.seller_id AND currency = made.currency;
  PERFORM kit.emit(call, 'moa.payment.v1.SettlementCreated', made.id::text, 1, jsonb_strip_nulls(jsonb_build_object('settlementId', made.id, 'sellerId', made.seller_id,
    'projectId', made.project_id, 'net', kit.money(made.currency, made.net_minor - made.short_after_minor), 'createTime', kit.timestamp(made.create_time),
    'periodStart', kit.timestamp(made.period_start), 'periodEnd', kit.timestamp(made.period_end))));
END $$;

-- Takes the row of a seller: who settles does so alone, nobody adds the same up, or carries the same over. Gives what the seller is short of.
CREATE FUNCTION hold_seller_account(seller uuid, money text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  short bigint;
BEGIN
  INSERT INTO seller_account (seller_id, currency) VALUES (seller, money) ON CONFLICT DO NOTHING;
  SELECT short_minor INTO short FROM seller_account WHERE seller_id = seller AND currency = money FOR UPDATE;
  RETURN short;
END $$;

-- As before, by the policy of pledges; and what is held is what settlements have held back and not yet paid, in whatever order they were made.
CREATE OR REPLACE FUNCTION create_settlement(call jsonb, new_id uuid, project uuid, wanted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  policy fee_policy;
  possible_from timestamptz;
  ids bigint[];
  due bigint;
  made settlement;
BEGIN
  SELECT seller_id, currency INTO made.seller_id, made.currency FROM payment WHERE project_id = project LIMIT 1;
  IF NOT FOUND THEN RAISE 'PROJECT_WITHOUT_PAYMENTS' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('projectId', project); END IF;
  made.short_before_minor := hold_seller_account(made.seller_id, made.currency);
  policy := fee_policy_of(made.seller_id, kit.at(call), 'FUNDING');
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
  SELECT coalesce(sum(e.amount_minor) FILTER (WHERE t.kind = 'CHARGE' AND e.account = 'PROVIDER_CLEARING'), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE t.kind <> 'CHARGE' AND e.account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE')), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PLATFORM_FEE'), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint
    INTO made.gross_minor, made.refund_minor, made.platform_fee_minor, made.provider_fee_minor
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id WHERE t.id = ANY (ids);
  -- What is held now: ids do not tell who was last, since they are made before the seller's account is held.
  SELECT coalesce(sum(held_after_minor - held_before_minor), 0)::bigint INTO made.held_before_minor FROM settlement WHERE project_id = project;

  due := made.gross_minor - made.refund_minor - made.platform_fee_minor - made.provider_fee_minor + made.held_before_minor - made.short_before_minor;
  made.id := new_id;
  made.project_id := project;
  made.kind := wanted;
  made.coupon_minor := 0;
  made.net_minor := CASE WHEN due <= 0 THEN 0 WHEN wanted = 'EARLY' THEN floor(due::numeric * policy.early_basis_points / 10000)::bigint ELSE due END;
  made.held_after_minor := greatest(due, 0) - made.net_minor;
  made.short_after_minor := greatest(-due, 0);
  PERFORM write_settlement(call, made, ids);
END $$;

-- Adds up what a seller's orders have come to: those that were paid before the period's end, with all that has happened to them, less what is
-- in a settlement already. Refunds that come later are in the next.
CREATE FUNCTION create_period_settlement(call jsonb, new_id uuid, seller uuid, money text, ends timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  policy fee_policy;
  possible_from timestamptz;
  ids bigint[];
  due bigint;
  made settlement;
BEGIN
  PERFORM FROM payment_share s JOIN payment p ON p.id = s.payment_id WHERE s.seller_id = seller AND p.currency = money LIMIT 1;
  IF NOT FOUND THEN RAISE 'SELLER_WITHOUT_ORDERS' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('sellerId', seller); END IF;
  made.short_before_minor := hold_seller_account(seller, money);
  policy := fee_policy_of(seller, kit.at(call), 'INSTANT');
  SELECT max(period_end) INTO made.period_start FROM settlement WHERE seller_id = seller AND currency = money AND kind = 'PERIOD';
  IF ends <= made.period_start THEN
    RAISE 'PERIOD_SETTLED' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('settledUntil', kit.timestamp(made.period_start));
  END IF;
  possible_from := ends + policy.final_after_days * interval '1 day';
  IF possible_from > kit.at(call) THEN
    RAISE 'PERIOD_SETTLEMENT_TOO_EARLY' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('possibleFrom', kit.timestamp(possible_from));
  END IF;

  SELECT coalesce(array_agg(t.id), '{}') INTO ids
    FROM payment_share s JOIN payment p ON p.id = s.payment_id AND p.currency = money
    JOIN ledger_transaction paid ON paid.business_key = 'instant:' || p.id AND paid.create_time < ends
    JOIN ledger_transaction t ON t.payment_id = p.id
   WHERE s.seller_id = seller AND NOT EXISTS (SELECT FROM settlement_item i WHERE i.transaction_id = t.id AND i.seller_id = seller);
  SELECT coalesce(array_agg(transaction_id), '{}'),
         coalesce(sum(gross_minor) FILTER (WHERE kind = 'CHARGE'), 0)::bigint, coalesce(-sum(gross_minor) FILTER (WHERE kind <> 'CHARGE'), 0)::bigint,
         coalesce(sum(platform_fee_minor), 0)::bigint, coalesce(sum(provider_fee_minor), 0)::bigint, coalesce(sum(coupon_minor), 0)::bigint,
         coalesce(sum(net_minor), 0)::bigint - made.short_before_minor
    INTO ids, made.gross_minor, made.refund_minor, made.platform_fee_minor, made.provider_fee_minor, made.coupon_minor, due
    FROM order_lines(ids, seller);

  made.id := new_id;
  made.seller_id := seller;
  made.currency := money;
  made.kind := 'PERIOD';
  made.period_end := ends;
  made.held_before_minor := 0;
  made.held_after_minor := 0;
  made.net_minor := greatest(due, 0);
  made.short_after_minor := greatest(-due, 0);
  PERFORM write_settlement(call, made, ids);
END $$;

DROP FUNCTION fee_policy_of(uuid, timestamptz);
