-- Pledges that coupons and points pay for in part, or wholly. Such a payment has one share, as the payment of an order has one of each seller;
-- one that is all money has none, and goes its old way.

-- As before, with coupons and points. What they cover is completed at once: nothing is to be charged.
CREATE OR REPLACE FUNCTION charge_pledges(call jsonb, charges jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  charge record;
  stored payment;
  last attempt;
  discounted boolean;
  covered boolean;
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;

  -- In the order of the pledges: two batches that share some wait for each other, never in a circle.
  FOR charge IN
    SELECT * FROM jsonb_to_recordset(charges) AS c("newPaymentId" uuid, "pledgeId" uuid, "projectId" uuid, "sellerId" uuid, "payerId" uuid,
      "billingMethodId" uuid, currency char(3), "amountMinor" bigint, attempt integer,
      "platformCouponMinor" bigint, "sellerCouponMinor" bigint, "pointsMinor" bigint)
    ORDER BY "pledgeId"
  LOOP
    discounted := charge."platformCouponMinor" > 0 OR charge."sellerCouponMinor" > 0 OR charge."pointsMinor" > 0;
    covered := charge."amountMinor" = 0;
    INSERT INTO payment (id, pledge_id, project_id, seller_id, payer_id, currency, amount_minor, state, version, create_time)
      VALUES (charge."newPaymentId", charge."pledgeId", charge."projectId", charge."sellerId", charge."payerId", charge.currency,
        charge."amountMinor", 'CHARGING', 0, kit.at(call))
      ON CONFLICT (pledge_id) DO NOTHING;
    IF FOUND AND discounted THEN
      INSERT INTO payment_share (payment_id, seller_id, paid_minor, platform_coupon_minor, seller_coupon_minor, points_minor)
        VALUES (charge."newPaymentId", charge."sellerId", charge."amountMinor", charge."platformCouponMinor", charge."sellerCouponMinor", charge."pointsMinor");
    END IF;
    SELECT * INTO stored FROM payment WHERE pledge_id = charge."pledgeId" FOR NO KEY UPDATE;
    IF (stored.project_id, stored.seller_id, stored.payer_id, stored.currency, stored.amount_minor)
       <> (charge."projectId", charge."sellerId", charge."payerId", charge.currency, charge."amountMinor")
       OR (stored.id <> charge."newPaymentId" AND jsonb_build_array(charge."platformCouponMinor", charge."sellerCouponMinor", charge."pointsMinor") <> coalesce(
         (SELECT jsonb_build_array(platform_coupon_minor, seller_coupon_minor, points_minor) FROM payment_share WHERE payment_id = stored.id), '[0, 0, 0]')) THEN
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

    INSERT INTO attempt (payment_id, number, billing_method_id, state, trace, create_time, settle_time)
      VALUES (stored.id, charge.attempt, charge."billingMethodId", CASE WHEN covered THEN 'SUCCEEDED' ELSE 'PENDING' END, call->>'trace', kit.at(call),
        CASE WHEN covered THEN kit.at(call) END);
    UPDATE payment SET state = CASE WHEN covered THEN 'COMPLETED' ELSE 'CHARGING' END, version = version + 1 WHERE id = stored.id RETURNING * INTO stored;
    IF covered THEN
      PERFORM post_covered(call, stored);
      PERFORM kit.emit(call, 'moa.payment.v1.PaymentCompleted', stored.id::text, stored.version, payment_event(stored, charge.attempt));
    END IF;
  END LOOP;

  RETURN kit.answer(call, (
    SELECT jsonb_agg(payment_json(p) ORDER BY c.place)
    FROM jsonb_array_elements(charges) WITH ORDINALITY AS c(charge, place) JOIN payment p ON p.pledge_id = (c.charge->>'pledgeId')::uuid));
END $$;

-- As before, with coupons and points.
DROP FUNCTION claim_attempt(integer);
CREATE FUNCTION claim_attempt(lease_ms integer)
RETURNS TABLE (payment_id uuid, number integer, was text, tries integer, trace text, billing_key text, pledge_id uuid, seller_id uuid, currency text,
  amount_minor bigint, platform_basis_points integer, platform_fixed_minor bigint, platform_coupon_minor bigint, seller_coupon_minor bigint, points_minor bigint)
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
         f.platform_basis_points, f.platform_fixed_minor,
         coalesce(s.platform_coupon_minor, 0), coalesce(s.seller_coupon_minor, 0), coalesce(s.points_minor, 0)
    FROM claimed c CROSS JOIN LATERAL fee_terms(c.seller_id, c.create_time, 'FUNDING', c.currency) AS f
    LEFT JOIN payment_share s ON s.payment_id = c.payment_id
$$;

-- As before, with the fees of a share, if the payment has one.
DROP FUNCTION settle_attempt(jsonb, uuid, integer, text, text, jsonb);
CREATE FUNCTION settle_attempt(call jsonb, target uuid, attempt_number integer, charge_id text, decline text, entries jsonb, shares jsonb DEFAULT NULL)
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
    IF shares IS NOT NULL THEN PERFORM note_fees(target, shares); END IF;
    PERFORM post_transaction(call, 'charge:' || target, 'CHARGE', target, settled.currency, entries);
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentCompleted', target::text, settled.version, payment_event(settled, attempt_number));
  ELSE
    PERFORM kit.emit(call, 'moa.payment.v1.PaymentFailed', target::text, settled.version,
      payment_event(settled, attempt_number) || jsonb_build_object('declineCode', decline));
  END IF;
  RETURN true;
END $$;

-- What each share of a payment that was paid costs its seller: [{"sellerId", "platformFeeMinor", "providerFeeMinor"}].
CREATE FUNCTION note_fees(target uuid, shares jsonb) RETURNS void LANGUAGE sql AS $$
  UPDATE payment_share s SET platform_fee_minor = f."platformFeeMinor", provider_fee_minor = f."providerFeeMinor"
    FROM jsonb_to_recordset(shares) AS f("sellerId" uuid, "platformFeeMinor" bigint, "providerFeeMinor" bigint)
    WHERE s.payment_id = target AND s.seller_id = f."sellerId"
$$;

-- As before, with what is not paid in money, and what the seller gives to coupons of his own.
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
  -- What is not paid in money is part of the price, too.
  SELECT coalesce(sum(e.amount_minor) FILTER (WHERE t.kind = 'CHARGE' AND e.account IN ('PROVIDER_CLEARING', 'COUPON_EXPENSE', 'POINTS_LIABILITY')), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE t.kind <> 'CHARGE'
           AND e.account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE', 'COUPON_EXPENSE', 'POINTS_LIABILITY')), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PLATFORM_FEE'), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint,
         coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'COUPON_EXPENSE' AND e.owner_id IS NOT NULL), 0)::bigint
    INTO made.gross_minor, made.refund_minor, made.platform_fee_minor, made.provider_fee_minor, made.coupon_minor
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id WHERE t.id = ANY (ids);
  -- What is held now: ids do not tell who was last, since they are made before the seller's account is held.
  SELECT coalesce(sum(held_after_minor - held_before_minor), 0)::bigint INTO made.held_before_minor FROM settlement WHERE project_id = project;

  due := made.gross_minor - made.refund_minor - made.platform_fee_minor - made.provider_fee_minor - made.coupon_minor
    + made.held_before_minor - made.short_before_minor;
  made.id := new_id;
  made.project_id := project;
  made.kind := wanted;
  made.net_minor := CASE WHEN due <= 0 THEN 0 WHEN wanted = 'EARLY' THEN floor(due::numeric * policy.early_basis_points / 10000)::bigint ELSE due END;
  made.held_after_minor := greatest(due, 0) - made.net_minor;
  made.short_after_minor := greatest(-due, 0);
  PERFORM write_settlement(call, made, ids);
END $$;

-- As before; shares of pledges are not of orders.
CREATE OR REPLACE FUNCTION create_period_settlement(call jsonb, new_id uuid, seller uuid, money text, ends timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  policy fee_policy;
  possible_from timestamptz;
  ids bigint[];
  due bigint;
  made settlement;
BEGIN
  PERFORM FROM payment_share s JOIN payment p ON p.id = s.payment_id WHERE s.seller_id = seller AND p.currency = money AND p.order_id IS NOT NULL LIMIT 1;
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
    FROM payment_share s JOIN payment p ON p.id = s.payment_id AND p.currency = money AND p.order_id IS NOT NULL
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
