-- Orders that cost no money, coupons and points paying for all of it; and refunds that say exactly what comes back of coupons and points.

ALTER TABLE payment DROP CONSTRAINT payment_amount_minor_check, ADD CONSTRAINT payment_amount_minor_check CHECK (amount_minor >= 0);
ALTER TABLE refund DROP CONSTRAINT refund_amount_minor_check, ADD CONSTRAINT refund_amount_minor_check CHECK (amount_minor >= 0);
ALTER TABLE refund_share ADD CONSTRAINT refund_share_discounts_check
  CHECK (platform_coupon_minor >= 0 AND seller_coupon_minor >= 0 AND points_minor >= 0 AND platform_fee_minor >= 0);

-- The last word: refunds never take more off a share than it is made of. What the provider gave back of its own accord has happened: those
-- of ours that find no room beside it are refused by the provider.
CREATE FUNCTION check_share_left() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own refund;
BEGIN
  SELECT * INTO own FROM refund WHERE id = NEW.refund_id;
  IF own.provider_refund_id IS NOT NULL THEN RETURN NULL; END IF;
  PERFORM FROM payment_share WHERE payment_id = own.payment_id AND seller_id = NEW.seller_id FOR NO KEY UPDATE;
  PERFORM FROM shares_of(own.payment_id, '{BEGUN,SETTLED}') WHERE seller = NEW.seller_id AND (paid_back > paid
    OR platform_coupon_back > platform_coupon OR seller_coupon_back > seller_coupon OR points_back > points OR platform_fee_back > platform_fee);
  IF FOUND THEN RAISE 'refunds of payment % take more off a share than it is made of', own.payment_id USING ERRCODE = 'check_violation'; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER share_left AFTER INSERT ON refund_share FOR EACH ROW EXECUTE FUNCTION check_share_left();

-- Whether coupons, points or money of a payment's shares are left that refunds in these states have not taken.
CREATE FUNCTION is_left(target uuid, counted text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM shares_of(target, counted)
    WHERE paid > paid_back OR platform_coupon > platform_coupon_back OR seller_coupon > seller_coupon_back OR points > points_back)
$$;

-- The platform's fee, as domain/ledger.ts says it.
CREATE FUNCTION platform_fee(taken_of bigint, basis_points integer, fixed_minor bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT least(floor((taken_of::numeric * basis_points + 5000) / 10000)::bigint + fixed_minor, taken_of)
$$;

-- Posts the charge of a payment that coupons and points cover: nothing comes in, and the provider has no fee.
CREATE FUNCTION post_covered(call jsonb, own payment) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  flow text := CASE WHEN own.order_id IS NULL THEN 'FUNDING' ELSE 'INSTANT' END;
  mirrored jsonb;
BEGIN
  UPDATE payment_share s SET platform_fee_minor = (
      SELECT platform_fee(s.platform_coupon_minor + s.points_minor, f.platform_basis_points, f.platform_fixed_minor)
        FROM fee_terms(s.seller_id, own.create_time, flow, own.currency::text) AS f)
    WHERE s.payment_id = own.id;
  SELECT jsonb_agg(jsonb_build_object('sellerId', seller_id, 'amountMinor', 0, 'platformCouponMinor', -platform_coupon_minor,
      'sellerCouponMinor', -seller_coupon_minor, 'pointsMinor', -points_minor, 'platformFeeMinor', -platform_fee_minor))
    INTO mirrored FROM payment_share WHERE payment_id = own.id;
  PERFORM post_transaction(call, CASE flow WHEN 'FUNDING' THEN 'charge:' ELSE 'instant:' END || own.id, 'CHARGE', own.id, own.currency,
    undoing_entries(mirrored, 'PROVIDER_CLEARING'));
END $$;

-- As before; one that costs no money is approved at once.
CREATE OR REPLACE FUNCTION create_instant_payment(call jsonb, wanted jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  own payment;
  stored instant_payment;
  shares jsonb;
  covered boolean := (wanted->>'amountMinor')::bigint = 0;
BEGIN
  INSERT INTO payment (id, order_id, payer_id, currency, amount_minor, state, create_time)
    VALUES ((wanted->>'id')::uuid, (wanted->>'orderId')::uuid, (wanted->>'payerId')::uuid, wanted->>'currency', (wanted->>'amountMinor')::bigint,
      CASE WHEN covered THEN 'APPROVED' ELSE 'CREATED' END, kit.at(call))
    ON CONFLICT (order_id) DO NOTHING RETURNING * INTO own;
  IF FOUND THEN
    INSERT INTO instant_payment (payment_id, order_name, return_url, expire_time, end_time)
      VALUES (own.id, wanted->>'orderName', wanted->>'returnUrl', (wanted->>'expireTime')::timestamptz, CASE WHEN covered THEN kit.at(call) END);
    INSERT INTO payment_share (payment_id, seller_id, paid_minor, platform_coupon_minor, seller_coupon_minor, points_minor)
      SELECT own.id, s."sellerId", s."paidMinor", s."platformCouponMinor", s."sellerCouponMinor", s."pointsMinor"
        FROM jsonb_to_recordset(wanted->'shares') AS s("sellerId" uuid, "paidMinor" bigint, "platformCouponMinor" bigint, "sellerCouponMinor" bigint, "pointsMinor" bigint);
    IF covered THEN
      PERFORM post_covered(call, own);
      PERFORM kit.emit(call, 'moa.payment.v1.PaymentCompleted', own.id::text, own.version, payment_event(own, 0) - 'attempt');
    END IF;
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

-- What a refund takes off each seller: what the lines say, [{"sellerId", "amountMinor", "discounts"}], or of each in proportion to what is left.
-- A line without discounts ({"platformCouponMinor", "sellerCouponMinor", "pointsMinor"}) takes them in proportion to what was paid; when no
-- line has any, and all the money that is left is wanted, everything that is left comes back. The fee goes with what it was taken of.
CREATE OR REPLACE FUNCTION refund_parts(target uuid, wanted bigint, lines jsonb, counted text[]) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  share record;
  line record;
  left_in_all bigint;
  passed bigint := 0;
  everything boolean;
  part record;
  parts jsonb := '[]';
BEGIN
  SELECT sum(paid - paid_back) INTO left_in_all FROM shares_of(target, counted);
  everything := wanted = left_in_all AND NOT EXISTS (SELECT FROM jsonb_array_elements(lines) AS l WHERE l ? 'discounts');
  FOR line IN SELECT * FROM jsonb_to_recordset(lines) AS l("sellerId" uuid, "amountMinor" bigint, discounts jsonb) LOOP
    SELECT * INTO share FROM shares_of(target, counted) WHERE seller = line."sellerId";
    IF NOT FOUND THEN RAISE 'SELLER_NOT_IN_ORDER' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('sellerId', line."sellerId"); END IF;
    IF line."amountMinor" > share.paid - share.paid_back
       OR (line.discounts->>'platformCouponMinor')::bigint > share.platform_coupon - share.platform_coupon_back
       OR (line.discounts->>'sellerCouponMinor')::bigint > share.seller_coupon - share.seller_coupon_back
       OR (line.discounts->>'pointsMinor')::bigint > share.points - share.points_back THEN
      RAISE 'REFUND_TOO_LARGE' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('sellerId', share.seller, 'leftMinor', (share.paid - share.paid_back)::text,
        'platformCouponLeftMinor', (share.platform_coupon - share.platform_coupon_back)::text,
        'sellerCouponLeftMinor', (share.seller_coupon - share.seller_coupon_back)::text, 'pointsLeftMinor', (share.points - share.points_back)::text);
    END IF;
  END LOOP;
  FOR share IN SELECT * FROM shares_of(target, counted) LOOP
    SELECT * INTO line FROM jsonb_to_recordset(lines) AS l("sellerId" uuid, "amountMinor" bigint, discounts jsonb) WHERE l."sellerId" = share.seller;
    SELECT CASE WHEN everything THEN share.paid - share.paid_back
      WHEN lines IS NOT NULL THEN coalesce(line."amountMinor", 0)
      -- Rounded together, so that the parts are the whole.
      ELSE floor(wanted::numeric * (passed + share.paid - share.paid_back) / nullif(left_in_all, 0)) - floor(wanted::numeric * passed / nullif(left_in_all, 0))
      END::bigint AS amount INTO part;
    passed := passed + share.paid - share.paid_back;
    CONTINUE WHEN part.amount = 0 AND NOT everything AND line.discounts IS NULL;
    SELECT part.amount,
        coalesce((line.discounts->>'platformCouponMinor')::bigint, comes_back(everything, share.platform_coupon, share.paid, share.paid_back + part.amount, share.platform_coupon_back)) AS platform_coupon,
        coalesce((line.discounts->>'sellerCouponMinor')::bigint, comes_back(everything, share.seller_coupon, share.paid, share.paid_back + part.amount, share.seller_coupon_back)) AS seller_coupon,
        coalesce((line.discounts->>'pointsMinor')::bigint, comes_back(everything, share.points, share.paid, share.paid_back + part.amount, share.points_back)) AS points
      INTO part;
    parts := parts || jsonb_build_object('sellerId', share.seller, 'amountMinor', part.amount,
      'platformCouponMinor', part.platform_coupon, 'sellerCouponMinor', part.seller_coupon, 'pointsMinor', part.points,
      'platformFeeMinor', coalesce(comes_back(everything, share.platform_fee, share.paid + share.platform_coupon + share.points,
        share.paid_back + share.platform_coupon_back + share.points_back + part.amount + part.platform_coupon + part.points, share.platform_fee_back), 0));
  END LOOP;
  RETURN parts;
END $$;

-- As before; of nothing comes nothing back.
CREATE OR REPLACE FUNCTION fee_share(fee bigint, paid bigint, refunded bigint, came_back bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(floor(fee::numeric * refunded / nullif(paid, 0) + 0.5)::bigint - came_back, 0)
$$;

-- What came back of coupons and points with a refund.
CREATE FUNCTION discounts_json(of_refund uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('platformCouponMinor', coalesce(sum(platform_coupon_minor), 0)::text,
    'sellerCouponMinor', coalesce(sum(seller_coupon_minor), 0)::text, 'pointsMinor', coalesce(sum(points_minor), 0)::text)
    FROM refund_share WHERE refund_id = of_refund
$$;

-- As before, with what came back of coupons and points.
CREATE OR REPLACE FUNCTION refunds_json(of_payment uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'state', r.state, 'amountMinor', r.amount_minor::text, 'reason', r.reason,
    'createTime', kit.timestamp(r.create_time), 'settleTime', kit.timestamp(r.settle_time)) || discounts_json(r.id) ORDER BY r.create_time, r.id), '[]')
    FROM refund r WHERE r.payment_id = of_payment
$$;

-- An order has them, and so has a pledge that coupons or points pay for in part.
CREATE FUNCTION has_shares(target uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM payment_share WHERE payment_id = target)
$$;

-- As before, of whatever has shares.
CREATE OR REPLACE FUNCTION write_refund(call jsonb, made refund, own payment, lines jsonb, counted text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parts jsonb;
  entries jsonb;
BEGIN
  IF has_shares(own.id) THEN
    parts := refund_parts(own.id, made.amount_minor, lines, counted);
    SELECT sum((p->>'platformFeeMinor')::bigint)::bigint INTO made.platform_fee_minor FROM jsonb_array_elements(parts) AS p;
    entries := undoing_entries(parts, 'BUYER_REFUNDS_DUE');
  ELSE
    SELECT fee_share(platform_fee_of(own.id), own.amount_minor, coalesce(sum(amount_minor), 0)::bigint + made.amount_minor, coalesce(sum(platform_fee_minor), 0)::bigint)
      INTO made.platform_fee_minor FROM refund WHERE payment_id = own.id AND state = ANY (counted);
    entries := refund_due(made, own.seller_id);
  END IF;
  INSERT INTO refund VALUES (made.*);
  INSERT INTO refund_share (refund_id, seller_id, amount_minor, platform_coupon_minor, seller_coupon_minor, points_minor, platform_fee_minor)
    SELECT made.id, p."sellerId", p."amountMinor", p."platformCouponMinor", p."sellerCouponMinor", p."pointsMinor", p."platformFeeMinor"
      FROM jsonb_to_recordset(parts) AS p("sellerId" uuid, "amountMinor" bigint, "platformCouponMinor" bigint, "sellerCouponMinor" bigint,
        "pointsMinor" bigint, "platformFeeMinor" bigint);
  PERFORM post_transaction(call, 'refund-due:' || made.id, 'REFUND_DUE', own.id, own.currency, entries);
END $$;

-- As before. What gives no money back is not the provider's to do: it is settled at once.
CREATE OR REPLACE FUNCTION begin_refund(call jsonb, new_id uuid, target uuid, wanted bigint, why text, lease_ms integer, lines jsonb DEFAULT NULL) RETURNS boolean LANGUAGE plpgsql AS $$
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
  IF wanted IS NULL AND begun = own.amount_minor AND NOT is_left(target, '{BEGUN,SETTLED}') THEN RETURN false; END IF;
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
  IF made.amount_minor = 0 THEN PERFORM settle_refund(call, new_id, 0); END IF;
  RETURN true;
END $$;

-- As before. Nothing is left when coupons and points have come back, too.
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
      WHEN refunded_minor + done.amount_minor < amount_minor OR is_left(id, '{SETTLED}') THEN 'PARTIALLY_REFUNDED'
      WHEN order_id IS NULL THEN 'CANCELED' ELSE 'REFUNDED' END
    WHERE id = done.payment_id RETURNING * INTO own;
  IF done.amount_minor > 0 THEN
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
  END IF;
  PERFORM tell_refund(call, own, done);
  RETURN true;
END $$;

-- As before, with what came back of coupons and points.
CREATE OR REPLACE FUNCTION tell_refund(call jsonb, own payment, done refund) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  number integer;
BEGIN
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentRefunded', own.id::text, own.version, (payment_event(own, 0) - 'attempt') || discounts_json(done.id)
    || jsonb_build_object('amount', kit.money(own.currency, done.amount_minor), 'refunded', kit.money(own.currency, own.refunded_minor), 'refundId', done.id,
    'inFull', own.refunded_minor = own.amount_minor AND NOT is_left(own.id, '{SETTLED}')));
  IF own.state = 'CANCELED' AND own.order_id IS NULL THEN
    UPDATE attempt SET state = 'CANCELED' WHERE payment_id = own.id AND state = 'SUCCEEDED' RETURNING attempt.number INTO number;
    UPDATE payment SET version = version + 1 WHERE id = own.id;
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentCanceled', own.id::text, own.version + 1, payment_event(own, number));
  END IF;
END $$;

-- As before, of whatever has shares, and with what comes back of coupons and points.
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
  IF has_shares(target) THEN
    parts := refund_parts(target, left_minor, NULL, '{SETTLED}');
    INSERT INTO chargeback_share (payment_id, seller_id, amount_minor, platform_coupon_minor, seller_coupon_minor, points_minor, platform_fee_minor)
      SELECT target, p."sellerId", p."amountMinor", p."platformCouponMinor", p."sellerCouponMinor", p."pointsMinor", p."platformFeeMinor"
        FROM jsonb_to_recordset(parts) AS p("sellerId" uuid, "amountMinor" bigint, "platformCouponMinor" bigint, "sellerCouponMinor" bigint,
          "pointsMinor" bigint, "platformFeeMinor" bigint);
    entries := undoing_entries(parts, 'PROVIDER_CLEARING');
  ELSE
    SELECT platform_fee_of(target) - coalesce(sum(platform_fee_minor), 0)::bigint INTO fee_left FROM refund WHERE payment_id = target AND state = 'SETTLED';
    entries := jsonb_build_array(
      jsonb_build_object('account', 'PROVIDER_CLEARING', 'amountMinor', -left_minor),
      jsonb_build_object('account', 'PLATFORM_FEE', 'amountMinor', fee_left),
      jsonb_build_object('account', 'SELLER_PAYABLE', 'ownerId', own.seller_id, 'amountMinor', left_minor - fee_left));
  END IF;
  PERFORM post_transaction(call, 'chargeback:' || target, 'CHARGEBACK', target, own.currency, entries);
  PERFORM kit.emit(call, 'moa.payment.v1.PaymentChargedBack', target::text, own.version, (payment_event(own, 0) - 'attempt') || (
    SELECT jsonb_build_object('amount', kit.money(own.currency, left_minor), 'platformCouponMinor', coalesce(sum(platform_coupon_minor), 0)::text,
      'sellerCouponMinor', coalesce(sum(seller_coupon_minor), 0)::text, 'pointsMinor', coalesce(sum(points_minor), 0)::text)
      FROM chargeback_share WHERE payment_id = target));
  RETURN true;
END $$;

-- As before, with what came back of coupons and points.
CREATE OR REPLACE FUNCTION payment_json(shown payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', shown.id, 'pledgeId', shown.pledge_id, 'projectId', shown.project_id, 'payerId', shown.payer_id, 'state', shown.state,
    'currency', shown.currency, 'amountMinor', shown.amount_minor::text, 'refundedMinor', shown.refunded_minor::text,
    'createTime', kit.timestamp(shown.create_time),
    'attempts', coalesce((SELECT jsonb_agg(jsonb_build_object(
      'number', a.number, 'state', a.state, 'providerChargeId', a.provider_charge_id, 'declineCode', a.decline_code,
      'createTime', kit.timestamp(a.create_time), 'settleTime', kit.timestamp(a.settle_time)) ORDER BY a.number)
      FROM attempt a WHERE a.payment_id = shown.id), '[]'),
    'refunds', refunds_json(shown.id))
$$;
