-- Rewards that go with others, and pledges that come after success.

ALTER TABLE reward ADD COLUMN add_on boolean NOT NULL DEFAULT false;

-- Refuses what no pledge of this project may hold, and tells what the lines cost. "own" is the pledge that is being changed, or null.
-- Add-ons go with an ordinary reward. One backer's pledges count towards a limit while they hold their pieces.
CREATE OR REPLACE FUNCTION check_lines(backer uuid, target uuid, own uuid, reward_ids uuid[], quantities integer[], ship_to jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  total bigint := 0;
  wanted record;
  line record;
  alone boolean := cardinality(reward_ids) > 0;
BEGIN
  -- Each by its key: a join would be planned by the size of the table of the day.
  FOR wanted IN SELECT * FROM unnest(reward_ids, quantities) AS line(reward_id, quantity) LOOP
    SELECT id, price_minor, remaining, limit_per_backer, ships, add_on INTO line FROM reward WHERE id = wanted.reward_id AND project_id = target;
    IF NOT FOUND THEN RAISE 'REWARD_NOT_FOUND' USING ERRCODE = 'MOA01', DETAIL = json_build_object('rewardId', wanted.reward_id); END IF;
    alone := alone AND line.add_on;
    IF line.remaining < wanted.quantity THEN
      PERFORM FROM pledge_line WHERE pledge_id = own AND reward_id = line.id AND line.remaining >= wanted.quantity - quantity;
      IF NOT FOUND THEN
        RAISE 'REWARD_SOLD_OUT' USING ERRCODE = 'MOA01', DETAIL = json_build_object('rewardId', line.id, 'remaining', line.remaining);
      END IF;
    END IF;
    IF line.ships AND ship_to IS NULL THEN RAISE 'ADDRESS_MISSING' USING ERRCODE = 'MOA01', DETAIL = json_build_object('rewardId', line.id); END IF;
    IF line.limit_per_backer > 0 THEN
      -- One backer's pledges of a project are counted one after the other.
      PERFORM pg_advisory_xact_lock(hashtextextended(backer::text || target::text, 0));
      IF wanted.quantity + (
        SELECT coalesce(sum(l.quantity), 0) FROM pledge p JOIN pledge_line l ON l.pledge_id = p.id AND l.reward_id = line.id
         WHERE p.backer_id = backer AND p.state IN ('ACTIVE', 'CHARGING', 'PAYMENT_FAILED', 'PAID') AND p.id IS DISTINCT FROM own
      ) > line.limit_per_backer THEN
        RAISE 'REWARD_LIMIT_REACHED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('rewardId', line.id, 'limit', line.limit_per_backer);
      END IF;
    END IF;
    total := total + line.price_minor * wanted.quantity;
  END LOOP;
  IF alone THEN RAISE 'ADD_ON_ALONE' USING ERRCODE = 'MOA01'; END IF;
  RETURN total;
END $$;

ALTER TABLE project
  -- Until then a project that was successful takes late pledges, if its seller wants.
  ADD COLUMN late_until timestamptz,
  -- What they are worth: not in what was raised, which is frozen.
  ADD COLUMN late_raised_minor bigint NOT NULL DEFAULT 0 CHECK (late_raised_minor >= 0);
ALTER TABLE pledge ADD COLUMN late boolean NOT NULL DEFAULT false;

-- Takes the rewards and writes the pledge; a late one is charged at once. The caller has claimed the request, and moves the project's total.
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

  PERFORM take_stock(o.reward_ids, o.quantities);
  INSERT INTO pledge (id, project_id, backer_id, currency, extra_minor, total_minor, billing_method_id, address, create_time, late, state, charge_attempts, send_time)
    VALUES (o.new_id, o.target, backer, campaign.currency, o.extra, total, o.method, o.ship_to, at, late IS TRUE,
      CASE WHEN late THEN 'CHARGING' ELSE 'ACTIVE' END, coalesce(late, false)::integer, CASE WHEN late THEN at END) RETURNING * INTO placed;
  INSERT INTO pledge_line SELECT o.new_id, * FROM unnest(o.reward_ids, o.quantities);
  PERFORM kit.emit(o.call, 'moa.funding.v1.PledgeCreated', o.new_id::text, placed.version,
    pledge_event(placed) || jsonb_build_object('createTime', kit.timestamp(at), 'late', placed.late));
  IF late THEN
    UPDATE pledge SET version = version + 1 WHERE id = o.new_id RETURNING * INTO placed;
    PERFORM kit.emit(o.call, 'moa.funding.v1.PledgeCharging', o.new_id::text, placed.version, pledge_event(placed));
  END IF;
  answer := kit.answer(o.call, pledge_answer(placed, o.reward_ids, o.quantities));
  RETURN answer || jsonb_build_object('address', o.ship_to);
END $$;

-- Adds late pledges to what came after success, if it still may.
CREATE FUNCTION move_late_total(call jsonb, target uuid, change_minor bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE project SET late_raised_minor = late_raised_minor + change_minor
   WHERE id = target AND state IN ('CHARGING', 'SUCCEEDED') AND late_until > kit.at(call);
  IF NOT FOUND THEN RAISE 'PROJECT_CLOSED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('projectId', target); END IF;
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
    IF NOT kit.claim(o.call) THEN repeated := repeated || o.place; END IF;
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
          outcomes[o.place] := refuse_pledge(o.call, reason, facts);
        END;
      END LOOP;
      IF total > 0 THEN PERFORM move_total(first_call, campaign, total, counted); END IF;
      IF late_total > 0 THEN PERFORM move_late_total(first_call, campaign, late_total); END IF;
    EXCEPTION WHEN SQLSTATE 'MOA01' THEN
      -- It closed meanwhile: for all of them.
      GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT, facts = PG_EXCEPTION_DETAIL;
      FOREACH o IN ARRAY all_orders LOOP
        CONTINUE WHEN o.place <> ALL (placed);
        outcomes[o.place] := refuse_pledge(o.call, reason, facts);
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
