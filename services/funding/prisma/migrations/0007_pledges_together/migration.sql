-- Pledges that come together are written together: one statement, one commit, and a project's row is written once for all of them.
-- Each has its own outcome; what one is refused for touches no other.
--
-- Locks are taken in the order that single writes take them, each kind for all pledges before the next: requests, the backers' own limits,
-- rewards by id, projects by id.

CREATE TYPE pledge_order AS (
  place integer, call jsonb, new_id uuid, target uuid, reward_ids uuid[], quantities integer[], extra_currency text, extra bigint, method uuid, ship_to jsonb
);

DROP FUNCTION place_pledge(jsonb, uuid, uuid, uuid[], integer[], text, bigint, uuid, jsonb);

-- Takes the rewards and writes the pledge. The caller has claimed the request, and moves the project's total.
CREATE FUNCTION place_pledge(o pledge_order) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(o.call);
  backer uuid := (o.call->>'caller')::uuid;
  campaign record;
  total bigint;
  placed pledge;
  answer jsonb;
BEGIN
  SELECT seller_id, currency, state, public, close_time INTO campaign FROM project WHERE id = o.target;
  IF NOT FOUND OR NOT campaign.public THEN RAISE 'PROJECT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF campaign.state = 'SCHEDULED' THEN RAISE 'PROJECT_NOT_OPEN' USING ERRCODE = 'MOA01'; END IF;
  IF campaign.state <> 'LIVE' OR campaign.close_time <= at THEN
    RAISE 'PROJECT_CLOSED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('projectId', o.target);
  END IF;
  IF campaign.seller_id = backer THEN RAISE 'SELF_PLEDGE' USING ERRCODE = 'MOA01'; END IF;
  IF o.extra > 0 AND o.extra_currency <> campaign.currency THEN RAISE 'CURRENCY_WRONG' USING ERRCODE = 'MOA01'; END IF;
  PERFORM check_billing_method(backer, o.method);
  total := o.extra + check_lines(backer, o.target, NULL, o.reward_ids, o.quantities, o.ship_to);
  PERFORM check_total(total);

  PERFORM take_stock(o.reward_ids, o.quantities);
  INSERT INTO pledge (id, project_id, backer_id, currency, extra_minor, total_minor, billing_method_id, address, create_time)
    VALUES (o.new_id, o.target, backer, campaign.currency, o.extra, total, o.method, o.ship_to, at) RETURNING * INTO placed;
  INSERT INTO pledge_line SELECT o.new_id, * FROM unnest(o.reward_ids, o.quantities);
  PERFORM kit.emit(o.call, 'moa.funding.v1.PledgeCreated', o.new_id::text, placed.version,
    pledge_event(placed) || jsonb_build_object('createTime', kit.timestamp(at)));
  answer := kit.answer(o.call, pledge_answer(placed, o.reward_ids, o.quantities));
  RETURN answer || jsonb_build_object('address', o.ship_to);
END $$;

-- Gives a request back whose pledge was refused, and tells why.
CREATE FUNCTION refuse_pledge(call jsonb, reason text, facts text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM kit.unclaim(call);
  RETURN jsonb_build_object('reason', reason, 'facts', facts);
END $$;

-- One outcome for each order, in their order: {"answer"} or {"reason", "facts"}.
CREATE FUNCTION place_pledges(orders jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  all_orders pledge_order[] := ARRAY(SELECT o FROM jsonb_populate_recordset(NULL::pledge_order, orders) AS o
    ORDER BY o.target, o.call->>'caller', o.call->>'request');
  outcomes jsonb[] := array_fill(NULL::jsonb, ARRAY[cardinality(all_orders)]);
  repeated integer[] := '{}';
  o pledge_order;
  campaign uuid;
  placed integer[];
  total bigint;
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
      FOREACH o IN ARRAY all_orders LOOP
        CONTINUE WHEN o.target <> campaign OR o.place = ANY (repeated);
        BEGIN
          outcomes[o.place] := jsonb_build_object('answer', place_pledge(o));
          placed := placed || o.place;
          total := total + (outcomes[o.place]->'answer'->>'total_minor')::bigint;
          first_call := o.call;
        EXCEPTION WHEN SQLSTATE 'MOA01' THEN
          GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT, facts = PG_EXCEPTION_DETAIL;
          outcomes[o.place] := refuse_pledge(o.call, reason, facts);
        END;
      END LOOP;
      IF total > 0 THEN PERFORM move_total(first_call, campaign, total, cardinality(placed)); END IF;
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
