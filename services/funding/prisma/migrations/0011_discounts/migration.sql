-- Pledges with coupons and points. Those are other services': what funding keeps is what it has asked of them, and what it still owes them.

ALTER TABLE pledge
  ADD COLUMN coupon_ids uuid[] NOT NULL DEFAULT '{}',
  -- What coupons take off, by who pays for them.
  ADD COLUMN platform_coupon_minor bigint NOT NULL DEFAULT 0 CHECK (platform_coupon_minor >= 0),
  ADD COLUMN seller_coupon_minor bigint NOT NULL DEFAULT 0 CHECK (seller_coupon_minor >= 0),
  ADD COLUMN points_minor bigint NOT NULL DEFAULT 0 CHECK (points_minor >= 0),
  -- The card is charged what is left, and only that can be given back to it.
  ADD CHECK (platform_coupon_minor + seller_coupon_minor + points_minor + refunded_minor <= total_minor);

-- What is held for a pledge elsewhere: written before the first remote call, so that whatever crashes somebody knows of it.
CREATE TABLE pledge_hold (
  -- The holder. The pledge may never come to be.
  pledge_id uuid PRIMARY KEY,
  backer_id uuid NOT NULL,
  request_id uuid NOT NULL,
  request_hash text NOT NULL,
  -- PLACING -> HELD with the pledge -> USED with its payment -> HOME when all is given back; HELD -> HOME without a payment.
  -- PLACING -> REFUSED when the pledge did not come to be: gone when it has been released.
  state text NOT NULL DEFAULT 'PLACING' CHECK (state IN ('PLACING', 'HELD', 'USED', 'HOME', 'REFUSED')),
  coupon_ids uuid[] NOT NULL,
  -- What each of them takes off; known with the pledge.
  coupon_discounts bigint[] NOT NULL DEFAULT '{}',
  points_minor bigint NOT NULL CHECK (points_minor >= 0),
  -- Of the charge: coupons and points have gone back for so much of it.
  returned_minor bigint NOT NULL DEFAULT 0,
  -- And are going back for so much: fixed before it is asked for, so that whoever asks again asks for the same.
  returning_minor bigint CHECK (returning_minor >= returned_minor),
  -- From when on the job has to look: a lease while somebody does; null while nothing is owed.
  due_time timestamptz,
  create_time timestamptz NOT NULL,
  CHECK (state <> 'PLACING' OR due_time IS NOT NULL),
  CHECK (coupon_ids <> '{}' OR points_minor > 0)
);
-- One holder for a request, whoever takes it up.
CREATE UNIQUE INDEX pledge_hold_of_request ON pledge_hold (backer_id, request_id) WHERE state <> 'REFUSED';
CREATE INDEX pledge_hold_due ON pledge_hold (due_time) WHERE due_time IS NOT NULL;

-- A pledge that ends, or is paid, or given back, owes this to others: written with the step itself, whichever step it is.
CREATE FUNCTION owe_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pledge_hold SET due_time = '-infinity' WHERE pledge_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER hold_of_pledge AFTER UPDATE OF state, refunded_minor ON pledge FOR EACH ROW
  WHEN ((NEW.coupon_ids <> '{}' OR NEW.points_minor > 0) AND (NEW.state <> OLD.state OR NEW.refunded_minor <> OLD.refunded_minor)
    AND NEW.state IN ('CANCELED', 'RELEASED', 'DROPPED', 'PAID', 'REFUNDED', 'CHARGED_BACK'))
  EXECUTE FUNCTION owe_hold();

-- With coupons or points: coupon_ids is null without.
ALTER TYPE pledge_order ADD ATTRIBUTE coupon_ids uuid[], ADD ATTRIBUTE coupon_discounts bigint[], ADD ATTRIBUTE platform_coupon bigint,
  ADD ATTRIBUTE seller_coupon bigint, ADD ATTRIBUTE points bigint;

-- The hold is the pledge's from now on, unless it was given up meanwhile: then nothing may be placed on it.
CREATE FUNCTION take_hold(o pledge_order) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pledge_hold SET state = 'HELD', coupon_discounts = o.coupon_discounts, due_time = NULL WHERE pledge_id = o.new_id AND state = 'PLACING';
  IF NOT FOUND THEN RAISE 'REQUEST_IN_PROGRESS' USING ERRCODE = 'MOA01'; END IF;
END $$;

-- The pledge did not come to be. Who placed it has so long to release what it holds; then the job does.
CREATE FUNCTION refuse_hold(call jsonb, own uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pledge_hold SET state = 'REFUSED', due_time = kit.at(call) + interval '5 seconds' WHERE pledge_id = own AND state = 'PLACING';
  RETURN EXISTS (SELECT FROM pledge_hold WHERE pledge_id = own AND state = 'REFUSED');
END $$;

-- Takes the rewards and writes the pledge; a late one is charged at once. The caller has claimed the request, and moves the project's total. The answer of
-- one with coupons or points is kept by who claimed it.
CREATE OR REPLACE FUNCTION place_pledge(o pledge_order) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(o.call);
  backer uuid := (o.call->>'caller')::uuid;
  campaign record;
  total bigint;
  placed pledge;
  late boolean;
  answer jsonb;
BEGIN
  SELECT seller_id, currency, state, public, close_time, late_until INTO campaign FROM project WHERE id = o.target;
  IF NOT FOUND OR NOT campaign.public THEN RAISE 'PROJECT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF campaign.state = 'SCHEDULED' THEN RAISE 'PROJECT_NOT_OPEN' USING ERRCODE = 'MOA01'; END IF;
  late := campaign.state IN ('CHARGING', 'SUCCEEDED') AND campaign.late_until > at;
  IF late IS NOT TRUE AND (campaign.state <> 'LIVE' OR campaign.close_time <= at) THEN
    RAISE 'PROJECT_CLOSED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('projectId', o.target);
  END IF;
  IF campaign.seller_id = backer THEN RAISE 'SELF_PLEDGE' USING ERRCODE = 'MOA01'; END IF;
  IF o.extra > 0 AND o.extra_currency <> campaign.currency THEN RAISE 'CURRENCY_WRONG' USING ERRCODE = 'MOA01'; END IF;
  PERFORM check_billing_method(backer, o.method);
  total := o.extra + check_lines(backer, o.target, NULL, o.reward_ids, o.quantities, o.ship_to);
  PERFORM check_total(total);
  IF o.coupon_ids IS NOT NULL THEN PERFORM take_hold(o); END IF;

  PERFORM take_stock(o.reward_ids, o.quantities);
  INSERT INTO pledge (id, project_id, backer_id, currency, extra_minor, total_minor, billing_method_id, address, create_time, late, state, charge_attempts, send_time,
      coupon_ids, platform_coupon_minor, seller_coupon_minor, points_minor)
    VALUES (o.new_id, o.target, backer, campaign.currency, o.extra, total, o.method, o.ship_to, at, late IS TRUE,
      CASE WHEN late THEN 'CHARGING' ELSE 'ACTIVE' END, coalesce(late, false)::integer, CASE WHEN late THEN at END,
      coalesce(o.coupon_ids, '{}'), coalesce(o.platform_coupon, 0), coalesce(o.seller_coupon, 0), coalesce(o.points, 0)) RETURNING * INTO placed;
  INSERT INTO pledge_line SELECT o.new_id, * FROM unnest(o.reward_ids, o.quantities);
  PERFORM kit.emit(o.call, 'moa.funding.v1.PledgeCreated', o.new_id::text, placed.version,
    pledge_event(placed) || jsonb_build_object('createTime', kit.timestamp(at), 'late', placed.late));
  IF late THEN
    UPDATE pledge SET version = version + 1 WHERE id = o.new_id RETURNING * INTO placed;
    PERFORM kit.emit(o.call, 'moa.funding.v1.PledgeCharging', o.new_id::text, placed.version, pledge_event(placed));
  END IF;
  answer := pledge_answer(placed, o.reward_ids, o.quantities);
  IF o.coupon_ids IS NULL THEN PERFORM kit.answer(o.call, answer); END IF;
  RETURN answer || jsonb_build_object('address', o.ship_to);
END $$;

DROP FUNCTION refuse_pledge(jsonb, text, text);
-- Gives a request back whose pledge was refused, or owes what was held for it, and tells why.
CREATE FUNCTION refuse_pledge(o pledge_order, reason text, facts text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF o.coupon_ids IS NULL THEN PERFORM kit.unclaim(o.call); ELSE PERFORM refuse_hold(o.call, o.new_id); END IF;
  RETURN jsonb_build_object('reason', reason, 'facts', facts);
END $$;

-- One outcome for each order, in their order: {"answer"} or {"reason", "facts"}.
CREATE OR REPLACE FUNCTION place_pledges(orders jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  all_orders pledge_order[] := ARRAY(SELECT o FROM jsonb_populate_recordset(NULL::pledge_order, orders) AS o
    ORDER BY o.target, o.call->>'caller', o.call->>'request');
  outcomes jsonb[] := array_fill(NULL::jsonb, ARRAY[cardinality(all_orders)]);
  repeated integer[] := '{}';
  o pledge_order;
  campaign uuid;
  placed integer[];
  total bigint;
  late_total bigint;
  counted integer;
  first_call jsonb;
  reason text;
  facts text;
BEGIN
  FOR o IN SELECT * FROM unnest(all_orders) ORDER BY call->>'caller', call->>'request' LOOP
    -- Those with coupons or points were claimed before their first remote call.
    IF o.coupon_ids IS NULL AND NOT kit.claim(o.call) THEN repeated := repeated || o.place; END IF;
  END LOOP;
  PERFORM pg_advisory_xact_lock(key) FROM (
    SELECT DISTINCT hashtextextended((a.call->>'caller') || a.target::text, 0) AS key FROM unnest(all_orders) AS a
     WHERE EXISTS (SELECT FROM reward WHERE id = ANY (a.reward_ids) AND limit_per_backer > 0) ORDER BY key) AS keys;
  PERFORM FROM reward WHERE id IN (SELECT unnest(a.reward_ids) FROM unnest(all_orders) AS a) AND stock IS NOT NULL ORDER BY id FOR NO KEY UPDATE;

  FOR campaign IN SELECT DISTINCT target FROM unnest(all_orders) ORDER BY target LOOP
    BEGIN
      placed := '{}';
      total := 0;
      late_total := 0;
      counted := 0;
      FOREACH o IN ARRAY all_orders LOOP
        CONTINUE WHEN o.target <> campaign OR o.place = ANY (repeated);
        BEGIN
          outcomes[o.place] := jsonb_build_object('answer', place_pledge(o));
          placed := placed || o.place;
          IF (outcomes[o.place]->'answer'->>'late')::boolean THEN
            late_total := late_total + (outcomes[o.place]->'answer'->>'total_minor')::bigint;
          ELSE
            total := total + (outcomes[o.place]->'answer'->>'total_minor')::bigint;
            counted := counted + 1;
          END IF;
          first_call := o.call;
        EXCEPTION WHEN SQLSTATE 'MOA01' THEN
          GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT, facts = PG_EXCEPTION_DETAIL;
          outcomes[o.place] := refuse_pledge(o, reason, facts);
        END;
      END LOOP;
      IF total > 0 THEN PERFORM move_total(first_call, campaign, total, counted); END IF;
      IF late_total > 0 THEN PERFORM move_late_total(first_call, campaign, late_total); END IF;
    EXCEPTION WHEN SQLSTATE 'MOA01' THEN
      -- It closed meanwhile: for all of them.
      GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT, facts = PG_EXCEPTION_DETAIL;
      FOREACH o IN ARRAY all_orders LOOP
        CONTINUE WHEN o.place <> ALL (placed);
        outcomes[o.place] := refuse_pledge(o, reason, facts);
      END LOOP;
    END;
  END LOOP;

  -- The first answer; none yet when the first is refused just now.
  FOREACH o IN ARRAY all_orders LOOP
    CONTINUE WHEN o.place <> ALL (repeated);
    outcomes[o.place] := coalesce(jsonb_build_object('answer', with_address(kit.first_answer(o.call))), '{"reason": "REQUEST_IN_PROGRESS"}');
  END LOOP;
  RETURN to_jsonb(outcomes);
END $$;

-- Gives what the pledge holds back and takes the new lines in its place. A null method or address stays as it is.
-- After a refused charge the pledge itself is settled: only what it is charged to, and where it goes, may change. So it is while coupons or points
-- are on it: those were reserved for what it holds.
CREATE OR REPLACE FUNCTION change_pledge(
  call jsonb, own uuid, reward_ids uuid[], quantities integer[], extra_currency text, extra bigint, method uuid, ship_to jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  backer uuid := (call->>'caller')::uuid;
  before pledge;
  changed pledge;
  total bigint;
  answer jsonb;
  moved record;
BEGIN
  IF NOT kit.claim(call) THEN RETURN with_address(kit.first_answer(call)); END IF;

  SELECT * INTO before FROM pledge WHERE id = own AND backer_id = backer FOR UPDATE;
  IF NOT FOUND THEN RAISE 'PLEDGE_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF before.state <> 'ACTIVE' AND NOT (before.state = 'PAYMENT_FAILED' AND extra = before.extra_minor AND holds(own, reward_ids, quantities)) THEN
    RAISE 'PLEDGE_NOT_ACTIVE' USING ERRCODE = 'MOA01', DETAIL = json_build_object('state', before.state);
  END IF;
  IF (before.coupon_ids <> '{}' OR before.points_minor > 0) AND NOT (extra = before.extra_minor AND holds(own, reward_ids, quantities)) THEN
    RAISE 'PLEDGE_HAS_DISCOUNT' USING ERRCODE = 'MOA01';
  END IF;
  IF extra > 0 AND extra_currency <> before.currency THEN RAISE 'CURRENCY_WRONG' USING ERRCODE = 'MOA01'; END IF;
  PERFORM check_billing_method(backer, method) WHERE method IS NOT NULL;
  total := before.total_minor;
  IF before.state = 'ACTIVE' THEN
    total := extra + check_lines(backer, before.project_id, own, reward_ids, quantities, coalesce(ship_to, before.address));
    PERFORM check_total(total);
  END IF;

  SELECT coalesce(array_agg(reward_id), '{}') AS reward_ids, coalesce(array_agg(change), '{}') AS changes INTO moved FROM (
    SELECT reward_id, sum(quantity)::integer AS change FROM (
      SELECT reward_id, quantity FROM unnest(reward_ids, quantities) AS line(reward_id, quantity)
      UNION ALL SELECT reward_id, -quantity FROM pledge_line WHERE pledge_id = own) AS line GROUP BY reward_id) AS line;

  UPDATE pledge SET extra_minor = extra, total_minor = total, billing_method_id = coalesce(method, billing_method_id),
         address = coalesce(ship_to, address), version = version + 1
   WHERE id = own RETURNING * INTO changed;
  DELETE FROM pledge_line WHERE pledge_id = own;
  INSERT INTO pledge_line SELECT own, * FROM unnest(reward_ids, quantities);
  PERFORM kit.emit(call, 'moa.funding.v1.PledgeChanged', own::text, changed.version, pledge_event(changed));
  answer := kit.answer(call, pledge_answer(changed, reward_ids, quantities));

  IF changed.state = 'ACTIVE' THEN
    PERFORM take_stock(moved.reward_ids, moved.changes);
    PERFORM move_total(call, changed.project_id, total - before.total_minor, 0);
  END IF;
  RETURN answer || jsonb_build_object('address', changed.address);
END $$;

-- Hands out what is owed, to be told by one copy at a time. What was being placed and never ended is refused by this.
-- Holds are locked before their pledges are read: a step that is committed after that makes the hold due again.
CREATE FUNCTION lease_holds(call jsonb, batch integer, lease_ms integer) RETURNS TABLE (
  pledge_id uuid, state text, pledge_state text, coupon_ids uuid[], coupon_discounts bigint[], points_minor bigint, charge_minor bigint,
  returned_minor bigint, returning_minor bigint, due_time timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
  ids uuid[] := ARRAY(SELECT h.pledge_id FROM pledge_hold h WHERE h.due_time <= kit.at(call) ORDER BY h.due_time LIMIT batch FOR UPDATE SKIP LOCKED);
BEGIN
  RETURN QUERY
    UPDATE pledge_hold h
       SET due_time = kit.at(call) + lease_ms * interval '1 millisecond', state = CASE h.state WHEN 'PLACING' THEN 'REFUSED' ELSE h.state END,
           returning_minor = coalesce(h.returning_minor, CASE WHEN h.state NOT IN ('HELD', 'USED') THEN NULL
             WHEN p.state IN ('REFUNDED', 'CHARGED_BACK') THEN p.total_minor - p.platform_coupon_minor - p.seller_coupon_minor - p.points_minor
             WHEN p.state = 'PAID' AND p.refunded_minor > h.returned_minor THEN p.refunded_minor END)
      FROM unnest(ids) AS own LEFT JOIN pledge p ON p.id = own
     WHERE h.pledge_id = own
    RETURNING h.pledge_id, h.state, p.state, h.coupon_ids, h.coupon_discounts, h.points_minor,
      p.total_minor - p.platform_coupon_minor - p.seller_coupon_minor - p.points_minor, h.returned_minor, h.returning_minor, h.due_time;
END $$;

-- As before, with what is not charged, and who bears it.
DROP FUNCTION lease_charges(jsonb, integer, integer);
CREATE FUNCTION lease_charges(call jsonb, batch integer, lease_ms integer)
RETURNS TABLE (pledge_id uuid, project_id uuid, seller_id uuid, backer_id uuid, billing_method_id uuid, currency text, charge_minor bigint, attempt integer,
  platform_coupon_minor bigint, seller_coupon_minor bigint, points_minor bigint)
LANGUAGE sql AS $$
  WITH leased AS (
    UPDATE pledge SET send_time = kit.at(call) + lease_ms * interval '1 millisecond'
     WHERE id = ANY (ARRAY(
       SELECT id FROM pledge p WHERE send_time <= kit.at(call) AND NOT EXISTS (SELECT FROM project WHERE project.id = p.project_id AND project.state = 'CANCELED')
        ORDER BY send_time LIMIT batch FOR UPDATE SKIP LOCKED))
    RETURNING *
  )
  SELECT leased.id, leased.project_id, project.seller_id, leased.backer_id, leased.billing_method_id, leased.currency::text,
         leased.total_minor - leased.platform_coupon_minor - leased.seller_coupon_minor - leased.points_minor, leased.charge_attempts,
         leased.platform_coupon_minor, leased.seller_coupon_minor, leased.points_minor
    FROM leased JOIN project ON project.id = leased.project_id ORDER BY leased.id
$$;
