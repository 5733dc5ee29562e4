-- The writes of pledges: one function each, all or nothing, with a reason of errors.ts.
--
-- Locks are taken in one order, so that nobody waits in a circle: the request, the pledge, the backer's own limit, rewards by id,
-- the project. The project comes last and is held shortest, because a hot one is what everybody waits for; what is checked before
-- either cannot change while a project is public (prices, limits, who sells it), or is decided again by the UPDATE itself (state, close time,
-- stock, total). A close takes the same row: whatever it counts has been committed, and whatever comes after is refused.

-- Refuses what no pledge of this project may hold, and tells what the lines cost. "own" is the pledge that is being changed, or null.
CREATE FUNCTION check_lines(backer uuid, target uuid, own uuid, reward_ids uuid[], quantities integer[], ship_to jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  total bigint := 0;
  wanted record;
  line record;
BEGIN
  -- Each by its key: a join would be planned by the size of the table of the day.
  FOR wanted IN SELECT * FROM unnest(reward_ids, quantities) AS line(reward_id, quantity) LOOP
    SELECT id, price_minor, remaining, limit_per_backer, ships INTO line FROM reward WHERE id = wanted.reward_id AND project_id = target;
    IF NOT FOUND THEN RAISE 'REWARD_NOT_FOUND' USING ERRCODE = 'MOA01', DETAIL = json_build_object('rewardId', wanted.reward_id); END IF;
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
         WHERE p.backer_id = backer AND p.state = 'ACTIVE' AND p.id IS DISTINCT FROM own
      ) > line.limit_per_backer THEN
        RAISE 'REWARD_LIMIT_REACHED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('rewardId', line.id, 'limit', line.limit_per_backer);
      END IF;
    END IF;
    total := total + line.price_minor * wanted.quantity;
  END LOOP;
  RETURN total;
END $$;

-- Refuses a pledge that is worth nothing, or more than can be charged.
CREATE FUNCTION check_total(total bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF total = 0 THEN RAISE 'PLEDGE_EMPTY' USING ERRCODE = 'MOA01'; END IF;
  IF total > 1000000000000 THEN RAISE 'PLEDGE_TOO_LARGE' USING ERRCODE = 'MOA01'; END IF;
END $$;

-- A backer's own, as far as payment's events have come.
CREATE FUNCTION check_billing_method(backer uuid, method uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM billing_method WHERE id = method AND account_id = backer;
  IF NOT FOUND THEN RAISE 'BILLING_METHOD_UNKNOWN' USING ERRCODE = 'MOA01'; END IF;
END $$;

-- Takes stock, or gives it back where the change is negative. Rewards without a stock are nobody's bottleneck.
CREATE FUNCTION take_stock(reward_ids uuid[], changes integer[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  line record;
BEGIN
  FOR line IN SELECT * FROM unnest(reward_ids, changes) AS line(reward_id, change) WHERE change <> 0 ORDER BY reward_id LOOP
    UPDATE reward SET remaining = remaining - line.change WHERE id = line.reward_id AND remaining >= line.change;
    IF NOT FOUND THEN
      PERFORM FROM reward WHERE id = line.reward_id AND stock IS NOT NULL;
      IF FOUND THEN RAISE 'REWARD_SOLD_OUT' USING ERRCODE = 'MOA01', DETAIL = json_build_object('rewardId', line.reward_id); END IF;
    END IF;
  END LOOP;
END $$;

-- Moves the project's total, if it is still open; tells when the goal is reached. A met goal is not taken away in the last 24 hours.
CREATE FUNCTION move_total(call jsonb, target uuid, change_minor bigint, change_count integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(call);
  campaign record;
BEGIN
  UPDATE project SET raised_minor = raised_minor + change_minor, pledge_count = pledge_count + change_count,
         version = version + (raised_minor < goal_minor AND raised_minor + change_minor >= goal_minor)::integer
   WHERE id = target AND state = 'LIVE' AND close_time > at
     AND NOT (close_time <= at + interval '24 hours' AND raised_minor >= goal_minor AND raised_minor + change_minor < goal_minor)
  RETURNING seller_id, currency, goal_minor, raised_minor, version INTO campaign;
  IF NOT FOUND THEN
    PERFORM FROM project WHERE id = target AND state = 'LIVE' AND close_time > at;
    IF FOUND THEN RAISE 'GOAL_WOULD_BE_LOST' USING ERRCODE = 'MOA01'; END IF;
    RAISE 'PROJECT_CLOSED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('projectId', target);
  END IF;
  IF campaign.raised_minor >= campaign.goal_minor AND campaign.raised_minor - change_minor < campaign.goal_minor THEN
    PERFORM kit.emit(call, 'moa.funding.v1.ProjectGoalReached', target::text, campaign.version, jsonb_build_object(
      'projectId', target, 'sellerId', campaign.seller_id, 'raised', kit.money(campaign.currency, campaign.raised_minor)));
  END IF;
END $$;

-- What every event of a pledge says.
CREATE FUNCTION pledge_event(p pledge) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('pledgeId', p.id, 'projectId', p.project_id, 'backerId', p.backer_id, 'total', kit.money(p.currency, p.total_minor))
$$;

-- The row and its lines.
CREATE FUNCTION pledge_answer(p pledge, reward_ids uuid[], quantities integer[]) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN to_jsonb(p) - 'address' || jsonb_build_object('lines', coalesce((
    SELECT jsonb_agg(jsonb_build_object('reward_id', reward_id, 'quantity', quantity) ORDER BY reward_id)
      FROM unnest(reward_ids, quantities) AS line(reward_id, quantity)), '[]'));
END $$;

-- The remembered answer names no address; the pledge still does.
CREATE FUNCTION with_address(answer jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT answer || jsonb_build_object('address', (SELECT address FROM pledge WHERE id = (answer->>'id')::uuid))
$$;

-- Takes the rewards, raises the total and writes the pledge.
CREATE FUNCTION place_pledge(
  call jsonb, new_id uuid, target uuid, reward_ids uuid[], quantities integer[], extra_currency text, extra bigint, method uuid, ship_to jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(call);
  backer uuid := (call->>'caller')::uuid;
  campaign record;
  total bigint;
  placed pledge;
  answer jsonb;
BEGIN
  IF NOT kit.claim(call) THEN RETURN with_address(kit.first_answer(call)); END IF;

  SELECT seller_id, currency, state, public, close_time INTO campaign FROM project WHERE id = target;
  IF NOT FOUND OR NOT campaign.public THEN RAISE 'PROJECT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF campaign.state = 'SCHEDULED' THEN RAISE 'PROJECT_NOT_OPEN' USING ERRCODE = 'MOA01'; END IF;
  IF campaign.state <> 'LIVE' OR campaign.close_time <= at THEN
    RAISE 'PROJECT_CLOSED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('projectId', target);
  END IF;
  IF campaign.seller_id = backer THEN RAISE 'SELF_PLEDGE' USING ERRCODE = 'MOA01'; END IF;
  IF extra > 0 AND extra_currency <> campaign.currency THEN RAISE 'CURRENCY_WRONG' USING ERRCODE = 'MOA01'; END IF;
  PERFORM check_billing_method(backer, method);
  total := extra + check_lines(backer, target, NULL, reward_ids, quantities, ship_to);
  PERFORM check_total(total);

  INSERT INTO pledge (id, project_id, backer_id, currency, extra_minor, total_minor, billing_method_id, address, create_time)
    VALUES (new_id, target, backer, campaign.currency, extra, total, method, ship_to, at) RETURNING * INTO placed;
  INSERT INTO pledge_line SELECT new_id, * FROM unnest(reward_ids, quantities);
  PERFORM kit.emit(call, 'moa.funding.v1.PledgeCreated', new_id::text, placed.version,
    pledge_event(placed) || jsonb_build_object('createTime', kit.timestamp(at)));
  answer := kit.answer(call, pledge_answer(placed, reward_ids, quantities));

  PERFORM take_stock(reward_ids, quantities);
  PERFORM move_total(call, target, total, 1);
  RETURN answer || jsonb_build_object('address', ship_to);
END $$;

-- Whether a pledge holds these lines and no others.
CREATE FUNCTION holds(own uuid, reward_ids uuid[], quantities integer[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN NOT EXISTS (
    SELECT FROM (SELECT reward_id, quantity FROM pledge_line WHERE pledge_id = own) AS held
      FULL JOIN unnest(reward_ids, quantities) AS wanted(reward_id, quantity) USING (reward_id, quantity)
     WHERE held IS NULL OR wanted IS NULL);
END $$;

-- Gives what the pledge holds back and takes the new lines in its place. A null method or address stays as it is.
-- After a refused charge the pledge itself is settled: only what it is charged to, and where it goes, may change.
CREATE FUNCTION change_pledge(
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

-- Gives the rewards back and lowers the total.
CREATE FUNCTION cancel_pledge(call jsonb, own uuid) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  canceled pledge;
  held record;
  answer jsonb;
BEGIN
  IF NOT kit.claim(call) THEN RETURN with_address(kit.first_answer(call)); END IF;

  SELECT * INTO canceled FROM pledge WHERE id = own AND backer_id = (call->>'caller')::uuid FOR UPDATE;
  IF NOT FOUND THEN RAISE 'PLEDGE_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF canceled.state <> 'ACTIVE' THEN RAISE 'PLEDGE_NOT_ACTIVE' USING ERRCODE = 'MOA01', DETAIL = json_build_object('state', canceled.state); END IF;

  SELECT coalesce(array_agg(reward_id), '{}') AS reward_ids, coalesce(array_agg(quantity), '{}') AS quantities, coalesce(array_agg(-quantity), '{}') AS changes
    INTO held FROM pledge_line WHERE pledge_id = own;
  UPDATE pledge SET state = 'CANCELED', version = version + 1 WHERE id = own RETURNING * INTO canceled;
  PERFORM kit.emit(call, 'moa.funding.v1.PledgeCanceled', own::text, canceled.version, pledge_event(canceled));
  answer := kit.answer(call, pledge_answer(canceled, held.reward_ids, held.quantities));

  PERFORM take_stock(held.reward_ids, held.changes);
  PERFORM move_total(call, canceled.project_id, -canceled.total_minor, -1);
  RETURN answer || jsonb_build_object('address', canceled.address);
END $$;
