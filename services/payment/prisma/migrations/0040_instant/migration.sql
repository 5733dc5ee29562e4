-- The money of orders: paid by the buyer at the provider's page. A payment is of a pledge or of an order; what only orders have stands in
-- tables of its own.

ALTER TABLE payment DROP CONSTRAINT payment_state_check,
  ALTER COLUMN pledge_id DROP NOT NULL, ALTER COLUMN project_id DROP NOT NULL, ALTER COLUMN seller_id DROP NOT NULL,
  ADD COLUMN order_id uuid UNIQUE,
  ADD CONSTRAINT payment_state_check CHECK (state IN ('CHARGING', 'COMPLETED', 'FAILED', 'PARTIALLY_REFUNDED', 'CANCELED', 'CHARGED_BACK',
    'CREATED', 'AUTHENTICATING', 'APPROVED', 'REFUNDED', 'EXPIRED')),
  ADD CONSTRAINT payment_of_pledge_or_order CHECK (CASE WHEN order_id IS NULL
    THEN pledge_id IS NOT NULL AND project_id IS NOT NULL AND seller_id IS NOT NULL AND state NOT IN ('CREATED', 'AUTHENTICATING', 'APPROVED', 'REFUNDED', 'EXPIRED')
    ELSE pledge_id IS NULL AND project_id IS NULL AND seller_id IS NULL AND state NOT IN ('CHARGING', 'COMPLETED') END);

CREATE TABLE instant_payment (
  payment_id uuid PRIMARY KEY REFERENCES payment,
  order_name text NOT NULL,
  return_url text NOT NULL,
  -- The provider's page, once it is open.
  checkout_url text,
  expire_time timestamptz NOT NULL,
  -- When it was paid, canceled or expired.
  end_time timestamptz,
  -- Set while the provider is still to be told that nothing more may be approved: nobody tells it before this.
  close_due_time timestamptz,
  close_tries integer NOT NULL DEFAULT 0
);
-- What may still be paid; and what is to be closed.
CREATE INDEX instant_payment_open ON instant_payment (expire_time) WHERE end_time IS NULL;
CREATE INDEX instant_payment_close_due ON instant_payment (close_due_time) WHERE close_due_time IS NOT NULL;

-- What is sold of one seller: the price is what is paid, and both coupons, and points.
CREATE TABLE payment_share (
  payment_id uuid NOT NULL REFERENCES payment,
  seller_id uuid NOT NULL,
  paid_minor bigint NOT NULL CHECK (paid_minor >= 0),
  platform_coupon_minor bigint NOT NULL CHECK (platform_coupon_minor >= 0),
  seller_coupon_minor bigint NOT NULL CHECK (seller_coupon_minor >= 0),
  points_minor bigint NOT NULL CHECK (points_minor >= 0),
  -- Known when it is paid; and what came back of the provider's fee with refunds.
  platform_fee_minor bigint NOT NULL DEFAULT 0,
  provider_fee_minor bigint NOT NULL DEFAULT 0,
  provider_fee_back_minor bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (payment_id, seller_id)
);

-- Tries to approve, each with a payment key that the buyer brought back. UNKNOWN may have reached the provider, which is asked.
CREATE TABLE confirmation (
  payment_id uuid NOT NULL REFERENCES payment,
  number integer NOT NULL CHECK (number BETWEEN 1 AND 100),
  payment_key text NOT NULL,
  state text NOT NULL CHECK (state IN ('UNKNOWN', 'SUCCEEDED', 'DECLINED')),
  provider_charge_id text UNIQUE,
  decline_code text,
  -- Nobody takes an open one before this: a lease while somebody is at work on it, a pause when the provider gave no answer.
  due_time timestamptz NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  trace text,
  create_time timestamptz NOT NULL,
  settle_time timestamptz,
  PRIMARY KEY (payment_id, number),
  UNIQUE (payment_id, payment_key),
  CHECK ((settle_time IS NULL) = (state = 'UNKNOWN')),
  CHECK ((decline_code IS NOT NULL) = (state = 'DECLINED'))
);
CREATE UNIQUE INDEX confirmation_one_open ON confirmation (payment_id) WHERE state = 'UNKNOWN';
CREATE UNIQUE INDEX confirmation_one_succeeded ON confirmation (payment_id) WHERE state = 'SUCCEEDED';
CREATE INDEX confirmation_due ON confirmation (due_time) WHERE state = 'UNKNOWN';

-- What of a refund is taken off one seller, and what of coupons, points and the platform's fee comes back with it.
CREATE TABLE refund_share (
  refund_id uuid NOT NULL REFERENCES refund,
  seller_id uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  platform_coupon_minor bigint NOT NULL,
  seller_coupon_minor bigint NOT NULL,
  points_minor bigint NOT NULL,
  platform_fee_minor bigint NOT NULL,
  PRIMARY KEY (refund_id, seller_id)
);

-- Coupons and points have accounts. What a coupon costs is a seller's or, without an owner, the platform's.
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_account_check, DROP CONSTRAINT ledger_entry_check,
  ADD CONSTRAINT ledger_entry_account_check CHECK (account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE', 'SELLER_PAYABLE', 'PLATFORM_FEE', 'PROVIDER_FEE',
    'BANK', 'POINTS_LIABILITY', 'COUPON_EXPENSE')),
  ADD CONSTRAINT ledger_entry_check CHECK (CASE account WHEN 'SELLER_PAYABLE' THEN owner_id IS NOT NULL WHEN 'COUPON_EXPENSE' THEN true ELSE owner_id IS NULL END);

-- The refunds of a payment, oldest first.
CREATE FUNCTION refunds_json(of_payment uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'state', r.state, 'amountMinor', r.amount_minor::text, 'reason', r.reason,
    'createTime', kit.timestamp(r.create_time), 'settleTime', kit.timestamp(r.settle_time)) ORDER BY r.create_time, r.id), '[]')
    FROM refund r WHERE r.payment_id = of_payment
$$;

-- The payment of an order with its whole history, as the service's answers hold it.
CREATE FUNCTION instant_payment_json(shown payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', shown.id, 'orderId', shown.order_id, 'payerId', shown.payer_id, 'state', shown.state, 'currency', shown.currency,
    'amountMinor', shown.amount_minor::text, 'refundedMinor', shown.refunded_minor::text, 'createTime', kit.timestamp(shown.create_time),
    'orderName', i.order_name, 'returnUrl', i.return_url, 'checkoutUrl', i.checkout_url, 'expireTime', kit.timestamp(i.expire_time),
    'endTime', kit.timestamp(i.end_time),
    'shares', (SELECT jsonb_agg(jsonb_build_object(
      'sellerId', s.seller_id, 'paidMinor', s.paid_minor::text, 'platformCouponMinor', s.platform_coupon_minor::text,
      'sellerCouponMinor', s.seller_coupon_minor::text, 'pointsMinor', s.points_minor::text,
      'platformBasisPoints', (fee_policy_of(s.seller_id, shown.create_time)).platform_basis_points,
      'refundedMinor', (SELECT coalesce(sum(b.amount_minor), 0)::text FROM refund r JOIN refund_share b ON b.refund_id = r.id
         WHERE r.payment_id = shown.id AND r.state <> 'REFUSED' AND b.seller_id = s.seller_id)) ORDER BY s.seller_id)
      FROM payment_share s WHERE s.payment_id = shown.id),
    'attempts', coalesce((SELECT jsonb_agg(jsonb_build_object(
      'number', c.number, 'state', c.state, 'paymentKey', c.payment_key, 'providerChargeId', c.provider_charge_id, 'declineCode', c.decline_code,
      'createTime', kit.timestamp(c.create_time), 'settleTime', kit.timestamp(c.settle_time)) ORDER BY c.number)
      FROM confirmation c WHERE c.payment_id = shown.id), '[]'),
    'refunds', refunds_json(shown.id))
    FROM instant_payment i WHERE i.payment_id = shown.id
$$;

-- What every event of a payment tells: ids of an order's or of a pledge's.
CREATE OR REPLACE FUNCTION payment_event(told payment, attempt_number integer) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('paymentId', told.id, 'pledgeId', told.pledge_id, 'projectId', told.project_id, 'orderId', told.order_id,
    'payerId', told.payer_id, 'amount', kit.money(told.currency, told.amount_minor), 'attempt', attempt_number))
$$;

-- Stores what is to be paid for an order: once for each order. The same again changes nothing; another is refused.
CREATE FUNCTION create_instant_payment(call jsonb, wanted jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  stored instant_payment;
  shares jsonb;
BEGIN
  INSERT INTO payment (id, order_id, payer_id, currency, amount_minor, state, create_time)
    VALUES ((wanted->>'id')::uuid, (wanted->>'orderId')::uuid, (wanted->>'payerId')::uuid, wanted->>'currency', (wanted->>'amountMinor')::bigint, 'CREATED', kit.at(call))
    ON CONFLICT (order_id) DO NOTHING RETURNING * INTO own;
  IF FOUND THEN
    INSERT INTO instant_payment (payment_id, order_name, return_url, expire_time)
      VALUES (own.id, wanted->>'orderName', wanted->>'returnUrl', (wanted->>'expireTime')::timestamptz);
    INSERT INTO payment_share (payment_id, seller_id, paid_minor, platform_coupon_minor, seller_coupon_minor, points_minor)
      SELECT own.id, s."sellerId", s."paidMinor", s."platformCouponMinor", s."sellerCouponMinor", s."pointsMinor"
        FROM jsonb_to_recordset(wanted->'shares') AS s("sellerId" uuid, "paidMinor" bigint, "platformCouponMinor" bigint, "sellerCouponMinor" bigint, "pointsMinor" bigint);
    RETURN instant_payment_json(own);
  END IF;
  SELECT * INTO own FROM payment WHERE order_id = (wanted->>'orderId')::uuid FOR NO KEY UPDATE;
  SELECT * INTO stored FROM instant_payment WHERE payment_id = own.id;
  SELECT jsonb_agg(jsonb_build_object('sellerId', s.seller_id, 'paidMinor', s.paid_minor::text, 'platformCouponMinor', s.platform_coupon_minor::text,
      'sellerCouponMinor', s.seller_coupon_minor::text, 'pointsMinor', s.points_minor::text) ORDER BY s.seller_id)
    INTO shares FROM payment_share s WHERE s.payment_id = own.id;
  IF (own.payer_id, own.currency::text, own.amount_minor, stored.order_name, stored.return_url, stored.expire_time, shares)
     IS DISTINCT FROM ((wanted->>'payerId')::uuid, wanted->>'currency', (wanted->>'amountMinor')::bigint, wanted->>'orderName', wanted->>'returnUrl',
       (wanted->>'expireTime')::timestamptz, wanted->'shares') THEN
    RAISE 'ORDER_CHANGED' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('orderId', own.order_id);
  END IF;
  RETURN instant_payment_json(own);
END $$;

-- The provider's page is open. One that ended meanwhile stays as it is.
CREATE FUNCTION open_checkout(target uuid, url text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  own payment;
BEGIN
  UPDATE payment SET state = 'AUTHENTICATING', version = version + 1 WHERE id = target AND state = 'CREATED';
  UPDATE instant_payment SET checkout_url = url WHERE payment_id = target AND checkout_url IS NULL;
  SELECT * INTO own FROM payment WHERE id = target;
  RETURN instant_payment_json(own);
END $$;

-- Begins to approve a payment with the key that its payer brought back, and takes the attempt for as long as the lease. A key is tried once:
-- who comes again with it gets the attempt as it stands.
CREATE FUNCTION begin_confirmation(call jsonb, of_order uuid, payer uuid, key text, paid_currency text, paid_minor bigint, most integer, lease_ms integer)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  expires timestamptz;
  last confirmation;
BEGIN
  SELECT * INTO own FROM payment WHERE order_id = of_order AND payer_id = payer FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'PAYMENT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF (own.currency::text, own.amount_minor) <> (paid_currency, paid_minor) THEN RAISE 'AMOUNT_MISMATCH' USING ERRCODE = 'MOA01'; END IF;
  PERFORM FROM confirmation WHERE payment_id = own.id AND payment_key = key;
  IF FOUND THEN RETURN instant_payment_json(own); END IF;

  SELECT expire_time INTO expires FROM instant_payment WHERE payment_id = own.id;
  IF own.state = 'CANCELED' THEN RAISE 'PAYMENT_CANCELED' USING ERRCODE = 'MOA01'; END IF;
  IF own.state = 'EXPIRED' OR (own.state IN ('CREATED', 'AUTHENTICATING', 'FAILED') AND expires <= kit.at(call)) THEN
    RAISE 'PAYMENT_EXPIRED' USING ERRCODE = 'MOA01';
  END IF;
  IF own.state = 'CREATED' THEN RAISE 'CHECKOUT_NOT_OPEN' USING ERRCODE = 'MOA01'; END IF;
  -- Paid with another key.
  IF own.state NOT IN ('AUTHENTICATING', 'FAILED') THEN RAISE 'PAYMENT_KEY_MISMATCH' USING ERRCODE = 'MOA01'; END IF;
  SELECT * INTO last FROM confirmation WHERE payment_id = own.id ORDER BY number DESC LIMIT 1;
  IF last.state = 'UNKNOWN' THEN RAISE 'CONFIRMATION_OPEN' USING ERRCODE = 'MOA01'; END IF;
  IF last.number >= most THEN RAISE 'ATTEMPTS_SPENT' USING ERRCODE = 'MOA01'; END IF;
  INSERT INTO confirmation (payment_id, number, payment_key, state, due_time, tries, trace, create_time)
    VALUES (own.id, coalesce(last.number, 0) + 1, key, 'UNKNOWN', clock_timestamp() + lease_ms * interval '1 millisecond', 1, call->>'trace', kit.at(call));
  UPDATE payment SET state = 'AUTHENTICATING', version = version + 1 WHERE id = own.id RETURNING * INTO own;
  RETURN instant_payment_json(own);
END $$;

-- Takes the open confirmation that has been due longest, for as long as the lease.
CREATE FUNCTION claim_confirmation(lease_ms integer)
RETURNS TABLE (payment_id uuid, number integer, tries integer, trace text, payment_key text, order_id uuid, currency text, amount_minor bigint, wanted boolean) LANGUAGE sql AS $$
  WITH due AS (
    SELECT c.payment_id, c.number FROM confirmation c
    WHERE c.state = 'UNKNOWN' AND c.due_time <= clock_timestamp() ORDER BY c.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE confirmation c SET tries = c.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, payment p
  WHERE c.payment_id = due.payment_id AND c.number = due.number AND p.id = c.payment_id
  RETURNING c.payment_id, c.number, c.tries, c.trace, c.payment_key, p.order_id, p.currency::text, p.amount_minor, p.state = 'AUTHENTICATING'
$$;

-- The provider's answer to a confirmation: attempt, payment, ledger and event together, once. False when it was settled before. What was
-- approved after the payment had ended is given back: that begins here, too, so that no crash can forget it. What counted as declined, the
-- provider having closed the order, and was approved nevertheless, was approved.
CREATE FUNCTION settle_confirmation(call jsonb, target uuid, attempt_number integer, charge_id text, decline text, shares jsonb, entries jsonb, refund_id uuid)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
BEGIN
  SELECT * INTO own FROM payment WHERE id = target FOR NO KEY UPDATE;
  -- Paid once already: the other charge is none of ours.
  IF decline IS NULL AND EXISTS (SELECT FROM confirmation WHERE payment_id = target AND state = 'SUCCEEDED') THEN
    decline := 'paid_before';
    charge_id := NULL;
  END IF;
  UPDATE confirmation SET state = CASE WHEN decline IS NULL THEN 'SUCCEEDED' ELSE 'DECLINED' END,
      provider_charge_id = charge_id, decline_code = decline, settle_time = kit.at(call)
    WHERE payment_id = target AND number = attempt_number AND (state = 'UNKNOWN' OR (state = 'DECLINED' AND decline IS NULL));
  IF NOT FOUND THEN RETURN false; END IF;

  IF decline IS NOT NULL THEN
    IF own.state <> 'AUTHENTICATING' THEN RETURN true; END IF;
    UPDATE payment SET state = 'FAILED', version = version + 1 WHERE id = target RETURNING * INTO own;
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentFailed', target::text, own.version,
      payment_event(own, attempt_number) || jsonb_build_object('declineCode', decline));
    RETURN true;
  END IF;

  UPDATE payment_share s SET platform_fee_minor = f."platformFeeMinor", provider_fee_minor = f."providerFeeMinor"
    FROM jsonb_to_recordset(shares) AS f("sellerId" uuid, "platformFeeMinor" bigint, "providerFeeMinor" bigint)
    WHERE s.payment_id = target AND s.seller_id = f."sellerId";
  PERFORM post_transaction(call, 'instant:' || target, 'CHARGE', target, own.currency, entries);
  -- In time is when we learn of it in time: who looks for what expires may not have been here yet.
  IF (SELECT expire_time <= kit.at(call) FROM instant_payment WHERE payment_id = target) AND end_unpaid(call, own, 'EXPIRED') THEN
    SELECT * INTO own FROM payment WHERE id = target;
  END IF;
  IF own.state IN ('AUTHENTICATING', 'FAILED') THEN
    UPDATE payment SET state = 'APPROVED', version = version + 1 WHERE id = target RETURNING * INTO own;
    UPDATE instant_payment SET end_time = kit.at(call) WHERE payment_id = target;
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentCompleted', target::text, own.version, payment_event(own, attempt_number));
  ELSE
    PERFORM begin_refund(call, refund_id, target, NULL, 'approved too late', 0);
  END IF;
  RETURN true;
END $$;

-- Ends a payment that was not paid, and lets the provider be told. False when it was paid, or had ended.
CREATE FUNCTION end_unpaid(call jsonb, own payment, ended text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payment SET state = ended, version = version + 1 WHERE id = own.id AND state IN ('CREATED', 'AUTHENTICATING', 'FAILED') RETURNING * INTO own;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE instant_payment SET end_time = kit.at(call), close_due_time = clock_timestamp() WHERE payment_id = own.id;
  PERFORM kit.emit(call, 'moa.payment.v1.' || CASE ended WHEN 'EXPIRED' THEN 'PaymentExpired' ELSE 'PaymentCanceled' END, own.id::text, own.version,
    payment_event(own, 0) - 'attempt');
  RETURN true;
END $$;

-- Cancels a payment that is not paid. False when it was paid, or had ended.
CREATE FUNCTION cancel_unpaid(call jsonb, of_order uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
BEGIN
  SELECT * INTO own FROM payment WHERE order_id = of_order FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'PAYMENT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  RETURN end_unpaid(call, own, 'CANCELED');
END $$;

-- Ends payments whose time is over, a few at a time. Gives how many.
CREATE FUNCTION expire_unpaid(call jsonb, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  ended integer := 0;
BEGIN
  FOR own IN
    SELECT p.* FROM (SELECT payment_id FROM instant_payment WHERE end_time IS NULL AND expire_time <= kit.at(call) ORDER BY expire_time LIMIT most) AS due
      JOIN payment p ON p.id = due.payment_id FOR NO KEY UPDATE OF p SKIP LOCKED
  LOOP
    IF end_unpaid(call, own, 'EXPIRED') THEN ended := ended + 1; END IF;
  END LOOP;
  RETURN ended;
END $$;

-- Takes the ended payment whose page has been due to be closed for longest, for as long as the lease.
CREATE FUNCTION claim_close(lease_ms integer) RETURNS TABLE (payment_id uuid, order_id uuid, tries integer) LANGUAGE sql AS $$
  WITH due AS (
    SELECT i.payment_id FROM instant_payment i WHERE i.close_due_time <= clock_timestamp() ORDER BY i.close_due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE instant_payment i SET close_tries = i.close_tries + 1, close_due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, payment p WHERE i.payment_id = due.payment_id AND p.id = i.payment_id
  RETURNING i.payment_id, p.order_id, i.close_tries
$$;

-- Refunds of both flows. What a refund of an order takes off each seller is written with it; coupons, points and fees come back in proportion
-- to what was paid, and with the last refund all that is left of them: together exactly what they were.

-- Each share of an order, with what refunds in these states have taken of it.
CREATE FUNCTION shares_of(target uuid, counted text[])
RETURNS TABLE (seller uuid, paid bigint, platform_coupon bigint, seller_coupon bigint, points bigint, platform_fee bigint,
  paid_back bigint, platform_coupon_back bigint, seller_coupon_back bigint, points_back bigint, platform_fee_back bigint) LANGUAGE sql STABLE AS $$
  SELECT s.seller_id, s.paid_minor, s.platform_coupon_minor, s.seller_coupon_minor, s.points_minor, s.platform_fee_minor, b.*
    FROM payment_share s CROSS JOIN LATERAL (
      SELECT coalesce(sum(b.amount_minor), 0)::bigint, coalesce(sum(b.platform_coupon_minor), 0)::bigint, coalesce(sum(b.seller_coupon_minor), 0)::bigint,
             coalesce(sum(b.points_minor), 0)::bigint, coalesce(sum(b.platform_fee_minor), 0)::bigint
        FROM refund r JOIN refund_share b ON b.refund_id = r.id
       WHERE r.payment_id = target AND r.state = ANY (counted) AND b.seller_id = s.seller_id) AS b
   WHERE s.payment_id = target ORDER BY s.seller_id
$$;

-- What a refund of an order takes off each seller: what the lines say, [{"sellerId", "amountMinor"}], or of each in proportion to what is left.
CREATE FUNCTION refund_parts(target uuid, wanted bigint, lines jsonb, counted text[]) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  share record;
  line record;
  left_in_all bigint;
  passed bigint := 0;
  part bigint;
  everything boolean;
  parts jsonb := '[]';
BEGIN
  SELECT sum(paid - paid_back) INTO left_in_all FROM shares_of(target, counted);
  everything := wanted = left_in_all;
  FOR line IN SELECT * FROM jsonb_to_recordset(lines) AS l("sellerId" uuid, "amountMinor" bigint) LOOP
    SELECT * INTO share FROM shares_of(target, counted) WHERE seller = line."sellerId";
    IF NOT FOUND THEN RAISE 'SELLER_NOT_IN_ORDER' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('sellerId', line."sellerId"); END IF;
    IF line."amountMinor" > share.paid - share.paid_back THEN
      RAISE 'REFUND_TOO_LARGE' USING ERRCODE = 'MOA01',
        DETAIL = jsonb_build_object('sellerId', share.seller, 'leftMinor', (share.paid - share.paid_back)::text);
    END IF;
  END LOOP;
  FOR share IN SELECT * FROM shares_of(target, counted) LOOP
    part := CASE WHEN lines IS NOT NULL
      THEN (SELECT (l->>'amountMinor')::bigint FROM jsonb_array_elements(lines) AS l WHERE (l->>'sellerId')::uuid = share.seller)
      -- Rounded together, so that the parts are the whole.
      ELSE floor(wanted::numeric * (passed + share.paid - share.paid_back) / left_in_all) - floor(wanted::numeric * passed / left_in_all) END;
    part := coalesce(part, 0);
    passed := passed + share.paid - share.paid_back;
    CONTINUE WHEN part = 0 AND NOT everything;
    parts := parts || jsonb_build_object('sellerId', share.seller, 'amountMinor', part,
      'platformCouponMinor', comes_back(everything, share.platform_coupon, share.paid, share.paid_back + part, share.platform_coupon_back),
      'sellerCouponMinor', comes_back(everything, share.seller_coupon, share.paid, share.paid_back + part, share.seller_coupon_back),
      'pointsMinor', comes_back(everything, share.points, share.paid, share.paid_back + part, share.points_back),
      'platformFeeMinor', comes_back(everything, share.platform_fee, share.paid, share.paid_back + part, share.platform_fee_back));
  END LOOP;
  RETURN parts;
END $$;

-- Of something that goes along with what was paid: all that is left of it, or its share.
CREATE FUNCTION comes_back(everything boolean, whole bigint, paid bigint, refunded bigint, came_back bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN everything THEN whole - came_back ELSE fee_share(whole, paid, refunded, came_back) END
$$;

-- The entries that undo parts of an order: the money goes to this account instead of the sellers.
CREATE FUNCTION undoing_entries(parts jsonb, account text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  WITH part AS (
    SELECT * FROM jsonb_to_recordset(parts) AS p("sellerId" uuid, "amountMinor" bigint, "platformCouponMinor" bigint, "sellerCouponMinor" bigint,
      "pointsMinor" bigint, "platformFeeMinor" bigint)
  ), entry(account, owner_id, amount_minor) AS (
    SELECT undoing_entries.account, NULL::uuid, -sum("amountMinor") FROM part
    UNION ALL SELECT 'PLATFORM_FEE', NULL, sum("platformFeeMinor") FROM part
    UNION ALL SELECT 'COUPON_EXPENSE', NULL, -sum("platformCouponMinor") FROM part
    UNION ALL SELECT 'POINTS_LIABILITY', NULL, -sum("pointsMinor") FROM part
    UNION ALL SELECT 'COUPON_EXPENSE', "sellerId", -"sellerCouponMinor" FROM part
    UNION ALL SELECT 'SELLER_PAYABLE', "sellerId", "amountMinor" + "platformCouponMinor" + "sellerCouponMinor" + "pointsMinor" - "platformFeeMinor" FROM part
  )
  SELECT jsonb_agg(jsonb_build_object('account', e.account, 'ownerId', e.owner_id, 'amountMinor', e.amount_minor)) FROM entry e
$$;

-- Writes a refund down, and what it takes off whom. The caller holds the payment. `counted`: the states of refunds that came before it.
CREATE FUNCTION write_refund(call jsonb, made refund, own payment, lines jsonb, counted text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parts jsonb;
  entries jsonb;
BEGIN
  IF own.order_id IS NULL THEN
    SELECT fee_share(platform_fee_of(own.id), own.amount_minor, coalesce(sum(amount_minor), 0)::bigint + made.amount_minor, coalesce(sum(platform_fee_minor), 0)::bigint)
      INTO made.platform_fee_minor FROM refund WHERE payment_id = own.id AND state = ANY (counted);
    entries := refund_due(made, own.seller_id);
  ELSE
    parts := refund_parts(own.id, made.amount_minor, lines, counted);
    SELECT sum((p->>'platformFeeMinor')::bigint)::bigint INTO made.platform_fee_minor FROM jsonb_array_elements(parts) AS p;
    entries := undoing_entries(parts, 'BUYER_REFUNDS_DUE');
  END IF;
  INSERT INTO refund VALUES (made.*);
  INSERT INTO refund_share (refund_id, seller_id, amount_minor, platform_coupon_minor, seller_coupon_minor, points_minor, platform_fee_minor)
    SELECT made.id, p."sellerId", p."amountMinor", p."platformCouponMinor", p."sellerCouponMinor", p."pointsMinor", p."platformFeeMinor"
      FROM jsonb_to_recordset(parts) AS p("sellerId" uuid, "amountMinor" bigint, "platformCouponMinor" bigint, "sellerCouponMinor" bigint,
        "pointsMinor" bigint, "platformFeeMinor" bigint);
  PERFORM post_transaction(call, 'refund-due:' || made.id, 'REFUND_DUE', own.id, own.currency, entries);
END $$;

-- As before, with the lines of a refund of an order.
DROP FUNCTION begin_refund(jsonb, uuid, uuid, bigint, text, integer);
CREATE FUNCTION begin_refund(call jsonb, new_id uuid, target uuid, wanted bigint, why text, lease_ms integer, lines jsonb DEFAULT NULL) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  begun bigint;
  made refund;
BEGIN
  SELECT * INTO own FROM payment WHERE id = target FOR NO KEY UPDATE;
  PERFORM FROM refund WHERE id = new_id;
  IF FOUND THEN RETURN false; END IF;
  IF own.state = 'CHARGED_BACK' THEN RAISE 'PAYMENT_CHARGED_BACK' USING ERRCODE = 'MOA01'; END IF;
  SELECT coalesce(sum(amount_minor), 0)::bigint INTO begun FROM refund WHERE payment_id = target AND state <> 'REFUSED';
  IF wanted IS NULL AND begun = own.amount_minor THEN RETURN false; END IF;
  IF begun + coalesce(wanted, 0) > own.amount_minor THEN
    RAISE 'REFUND_TOO_LARGE' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('leftMinor', (own.amount_minor - begun)::text);
  END IF;
  made.id := new_id;
  made.payment_id := target;
  made.amount_minor := coalesce(wanted, own.amount_minor - begun);
  made.reason := why;
  made.state := 'BEGUN';
  made.due_time := clock_timestamp() + lease_ms * interval '1 millisecond';
  made.tries := 1;
  made.trace := call->>'trace';
  made.create_time := kit.at(call);
  PERFORM write_refund(call, made, own, lines, '{BEGUN,SETTLED}');
  RETURN true;
END $$;

-- The provider's charge of a payment that was paid.
CREATE FUNCTION paid_charge_of(target uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT provider_charge_id FROM attempt WHERE payment_id = target AND state IN ('SUCCEEDED', 'CANCELED')),
                  (SELECT provider_charge_id FROM confirmation WHERE payment_id = target AND state = 'SUCCEEDED'))
$$;

-- As before, of both flows.
CREATE OR REPLACE FUNCTION claim_refund(lease_ms integer)
RETURNS TABLE (id uuid, payment_id uuid, amount_minor bigint, currency text, reason text, tries integer, trace text, charge_id text) LANGUAGE sql AS $$
  WITH due AS (
    SELECT r.id FROM refund r WHERE r.state = 'BEGUN' AND r.due_time <= clock_timestamp() ORDER BY r.due_time LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE refund r SET tries = r.tries + 1, due_time = clock_timestamp() + lease_ms * interval '1 millisecond'
  FROM due, payment p WHERE r.id = due.id AND p.id = r.payment_id
  RETURNING r.id, r.payment_id, r.amount_minor, p.currency::text, r.reason, r.tries, r.trace, paid_charge_of(r.payment_id)
$$;

-- What comes back of the provider's fee, to each seller of an order: [{"sellerId", "amountMinor"}]. In proportion to what the refund took off
-- each; with the last refund, to each what he had paid of it.
CREATE FUNCTION provider_fee_parts(done refund, in_full boolean, came_back bigint) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  parts jsonb;
BEGIN
  IF in_full THEN
    SELECT jsonb_agg(jsonb_build_object('sellerId', seller_id, 'amountMinor', provider_fee_minor - provider_fee_back_minor)) INTO parts
      FROM payment_share WHERE payment_id = done.payment_id HAVING sum(provider_fee_minor - provider_fee_back_minor) = came_back;
    IF parts IS NOT NULL THEN RETURN parts; END IF;
  END IF;
  SELECT jsonb_agg(jsonb_build_object('sellerId', p.seller_id,
      'amountMinor', floor(came_back::numeric * p.passed / done.amount_minor) - floor(came_back::numeric * (p.passed - p.amount_minor) / done.amount_minor)))
    INTO parts FROM (SELECT seller_id, amount_minor, sum(amount_minor) OVER (ORDER BY seller_id) AS passed FROM refund_share WHERE refund_id = done.id) AS p;
  RETURN parts;
END $$;

-- As before, of both flows. An order is REFUNDED when nothing is left; one that had ended before it was paid stays as it ended.
CREATE OR REPLACE FUNCTION settle_refund(call jsonb, target uuid, came_back bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  done refund;
  own payment;
  parts jsonb;
BEGIN
  PERFORM FROM payment WHERE id = (SELECT payment_id FROM refund WHERE id = target) FOR NO KEY UPDATE;
  UPDATE refund SET state = 'SETTLED', settle_time = kit.at(call) WHERE id = target AND state = 'BEGUN' RETURNING * INTO done;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE payment SET refunded_minor = refunded_minor + done.amount_minor, version = version + 1, state = CASE
      WHEN state IN ('CHARGED_BACK', 'CANCELED', 'EXPIRED') THEN state
      WHEN refunded_minor + done.amount_minor < amount_minor THEN 'PARTIALLY_REFUNDED'
      WHEN order_id IS NULL THEN 'CANCELED' ELSE 'REFUNDED' END
    WHERE id = done.payment_id RETURNING * INTO own;
  -- What the provider gives back of its fee is the sellers', who had paid it.
  parts := CASE WHEN own.order_id IS NULL THEN jsonb_build_array(jsonb_build_object('sellerId', own.seller_id, 'amountMinor', came_back))
    ELSE provider_fee_parts(done, own.refunded_minor = own.amount_minor, came_back) END;
  UPDATE payment_share s SET provider_fee_back_minor = provider_fee_back_minor + (p->>'amountMinor')::bigint
    FROM jsonb_array_elements(parts) AS p WHERE s.payment_id = own.id AND s.seller_id = (p->>'sellerId')::uuid;
  PERFORM post_transaction(call, 'refund:' || done.id, 'REFUND', own.id, own.currency, jsonb_build_array(
    jsonb_build_object('account', 'BUYER_REFUNDS_DUE', 'amountMinor', done.amount_minor),
    jsonb_build_object('account', 'PROVIDER_CLEARING', 'amountMinor', -done.amount_minor),
    jsonb_build_object('account', 'PROVIDER_FEE', 'amountMinor', came_back)) || (
    SELECT jsonb_agg(jsonb_build_object('account', 'SELLER_PAYABLE', 'ownerId', p->'sellerId', 'amountMinor', -(p->>'amountMinor')::bigint)) FROM jsonb_array_elements(parts) AS p));
  PERFORM tell_refund(call, own, done);
  RETURN true;
END $$;

-- As before. Of an order PaymentRefunded tells everything.
CREATE OR REPLACE FUNCTION tell_refund(call jsonb, own payment, done refund) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  number integer;
BEGIN
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentRefunded', own.id::text, own.version, (payment_event(own, 0) - 'attempt') || jsonb_build_object(
    'amount', kit.money(own.currency, done.amount_minor), 'refunded', kit.money(own.currency, own.refunded_minor), 'refundId', done.id,
    'inFull', own.refunded_minor = own.amount_minor));
  IF own.state = 'CANCELED' AND own.order_id IS NULL THEN
    UPDATE attempt SET state = 'CANCELED' WHERE payment_id = own.id AND state = 'SUCCEEDED' RETURNING attempt.number INTO number;
    UPDATE payment SET version = version + 1 WHERE id = own.id;
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentCanceled', own.id::text, own.version + 1, payment_event(own, number));
  END IF;
END $$;

-- As before: what was due is whose it was.
CREATE OR REPLACE FUNCTION refuse_refund(call jsonb, target uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  refused refund;
  own payment;
BEGIN
  SELECT * INTO own FROM payment WHERE id = (SELECT payment_id FROM refund WHERE id = target) FOR NO KEY UPDATE;
  UPDATE refund SET state = 'REFUSED', settle_time = kit.at(call) WHERE id = target AND state = 'BEGUN' RETURNING * INTO refused;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM post_transaction(call, 'refund-refused:' || refused.id, 'REFUND_REFUSED', own.id, own.currency, (
    SELECT jsonb_agg(jsonb_build_object('account', e.account, 'ownerId', e.owner_id, 'amountMinor', -e.amount_minor))
      FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id WHERE t.business_key = 'refund-due:' || refused.id));
  RETURN true;
END $$;

-- As before, of both flows.
CREATE OR REPLACE FUNCTION take_foreign_refund(call jsonb, new_id uuid, target uuid, provider_id text, amount bigint, came_back bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  made refund;
  begun bigint;
BEGIN
  SELECT * INTO own FROM payment WHERE id = target FOR NO KEY UPDATE;
  PERFORM FROM refund WHERE provider_refund_id = provider_id;
  IF FOUND THEN RETURN false; END IF;
  made.id := new_id;
  made.payment_id := target;
  made.amount_minor := amount;
  made.reason := 'given back at the provider';
  made.state := 'BEGUN';
  made.provider_refund_id := provider_id;
  made.due_time := clock_timestamp();
  made.tries := 0;
  made.create_time := kit.at(call);
  -- Those of ours that are under way count, unless there is no room for them: then the provider refuses them.
  SELECT coalesce(sum(amount_minor), 0)::bigint INTO begun FROM refund WHERE payment_id = target AND state <> 'REFUSED';
  PERFORM write_refund(call, made, own, NULL, CASE WHEN begun + amount <= own.amount_minor THEN '{BEGUN,SETTLED}' ELSE '{SETTLED}' END::text[]);
  RETURN settle_refund(call, new_id, came_back);
END $$;

-- As before, of both flows. Of an order all that is left is undone, with its coupons and points.
CREATE OR REPLACE FUNCTION charge_back(call jsonb, target uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  left_minor bigint;
  fee_left bigint;
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
    entries := undoing_entries(refund_parts(target, left_minor, NULL, '{SETTLED}'), 'PROVIDER_CLEARING');
  END IF;
  PERFORM post_transaction(call, 'chargeback:' || target, 'CHARGEBACK', target, own.currency, entries);
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentChargedBack', target::text, own.version,
    (payment_event(own, 0) - 'attempt') || jsonb_build_object('amount', kit.money(own.currency, left_minor)));
  RETURN true;
END $$;

-- As before; a provider that does not keep our keys tells of a charge by its order.
CREATE OR REPLACE FUNCTION note_movements(run uuid, movements jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO seen_movement (reconciliation_id, position, charge_id, payment_id, currency, amount_minor, fee_minor)
    SELECT run, m.position, m."chargeId", coalesce((SELECT id FROM payment WHERE id = m."paymentId"), (SELECT id FROM payment WHERE order_id = m."paymentId")),
           m.currency, m."amountMinor", m."feeMinor"
      FROM jsonb_to_recordset(movements) AS m(position integer, "chargeId" text, "paymentId" uuid, currency text, "amountMinor" bigint, "feeMinor" bigint);
  UPDATE seen_movement SET payment_id = charge.payment_id
    FROM seen_movement charge
   WHERE seen_movement.reconciliation_id = run AND seen_movement.payment_id IS NULL AND seen_movement.position IN (
           SELECT (m->>'position')::integer FROM jsonb_array_elements(movements) AS m)
     AND charge.reconciliation_id = run AND charge.charge_id = seen_movement.charge_id AND charge.payment_id IS NOT NULL;
$$;

-- As before; orders have no pledges to compare with. What was approved too late is on its way back.
CREATE OR REPLACE FUNCTION compare_payments(run uuid, after uuid, count integer) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  own record;
  last uuid;
BEGIN
  FOR own IN
    SELECT p.id, p.pledge_id, p.state, p.currency::text AS currency, l.*, a.*, s.currency AS pledge_currency, s.held_minor,
           p.order_id IS NOT NULL AND p.state IN ('CANCELED', 'EXPIRED') AND EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id AND r.state = 'BEGUN') AS going_back
      FROM (SELECT * FROM payment WHERE id > after ORDER BY id LIMIT count) AS p
     CROSS JOIN LATERAL ledger_of(p.id) AS l
     CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE amount_minor > 0) AS at_charges, min(charge_id) AS at_charge, min(m.currency) AS at_currency,
              coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0)::bigint AS at_charged,
              coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0)::bigint AS at_returned, coalesce(sum(fee_minor), 0)::bigint AS at_fee
         FROM seen_movement m WHERE m.reconciliation_id = run AND m.payment_id = p.id) AS a
      LEFT JOIN seen_pledge s ON s.reconciliation_id = run AND s.pledge_id = p.pledge_id
     ORDER BY p.id
  LOOP
    last := own.id;
    PERFORM note_discrepancy(run, kind, own.id::text, own.id, own.pledge_id, own.at_charge, own.currency, ledger_minor, provider_minor, NULL)
      FROM (VALUES
        ('CHARGE_MISSING_IN_LEDGER', own.charged = 0 AND own.at_charged > own.at_returned, NULL, own.at_charged),
        ('CHARGE_MISSING_AT_PROVIDER', own.charged > 0 AND own.at_charges = 0, own.charged, NULL),
        ('CHARGED_TWICE', own.charged > 0 AND own.at_charges > 1 AND own.at_charged - own.at_returned > own.charged - own.returned, own.charged, own.at_charged),
        ('CHARGE_AMOUNT_DIFFERS', own.charged > 0 AND own.at_charges = 1 AND (own.at_charged <> own.charged OR own.at_currency <> own.currency), own.charged, own.at_charged),
        ('FEE_DIFFERS', own.charged > 0 AND own.at_charges = 1 AND own.at_charged = own.charged AND own.at_returned = own.returned AND own.at_fee <> own.fee, own.fee, own.at_fee),
        ('RETURN_MISSING_IN_LEDGER', own.charged > 0 AND own.at_charges = 1 AND own.at_returned > own.returned, own.returned, own.at_returned),
        ('RETURN_MISSING_AT_PROVIDER', own.charged > 0 AND own.at_charges = 1 AND own.at_returned < own.returned, own.returned, own.at_returned),
        ('PAYMENT_STATE_DIFFERS', NOT own.going_back AND (own.state IN ('COMPLETED', 'APPROVED', 'PARTIALLY_REFUNDED')) <> (own.charged > own.returned), own.charged - own.returned, NULL::bigint)
      ) AS differs(kind, applies, ledger_minor, provider_minor) WHERE applies;
    CONTINUE WHEN own.pledge_id IS NULL;
    PERFORM note_discrepancy(run, kind, own.pledge_id::text, own.id, own.pledge_id, own.at_charge, own.currency, own.charged - own.returned, NULL, own.held_minor)
      FROM (VALUES
        ('PLEDGE_NOT_PAID', own.charged > own.returned AND coalesce(own.held_minor, 0) = 0),
        ('PLEDGE_WITHOUT_MONEY', own.charged = own.returned AND own.held_minor > 0),
        ('PLEDGE_AMOUNT_DIFFERS', own.charged > own.returned AND own.held_minor > 0
           AND (own.held_minor <> own.charged - own.returned OR own.pledge_currency <> own.currency))
      ) AS differs(kind, applies) WHERE applies;
  END LOOP;
  RETURN last;
END $$;
