-- What follows the close of a project, in batches: each is one transaction that claims its rows, so that several copies may work side
-- by side, and any of them may die. A batch is looked up by an array of its ids: a join with it would be planned as if the batch were a tenth
-- of the table.

-- Takes the next pledges of an ended project along: to be charged, or released. Null when no project waits.
-- How far it came is written in the same transaction, so that it goes on there whatever crashes.
CREATE FUNCTION sweep_pledges(call jsonb, batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  ended record;
  swept pledge;
  ids uuid[] := '{}';
  home record;
BEGIN
  SELECT sweep.project_id, sweep.after, project.state = 'CHARGING' AS charging INTO ended
    FROM sweep JOIN project ON project.id = sweep.project_id LIMIT 1 FOR UPDATE OF sweep SKIP LOCKED;
  IF NOT FOUND THEN RETURN NULL; END IF;

  FOR swept IN
    UPDATE pledge SET state = CASE WHEN ended.charging THEN 'CHARGING' ELSE 'RELEASED' END,
           charge_attempts = ended.charging::integer, send_time = CASE WHEN ended.charging THEN kit.at(call) END, version = version + 1
     WHERE id = ANY (ARRAY(
       SELECT id FROM pledge WHERE project_id = ended.project_id AND id > ended.after AND state = 'ACTIVE' ORDER BY id LIMIT batch FOR UPDATE))
    RETURNING *
  LOOP
    ids := ids || swept.id;
    PERFORM kit.emit(call, CASE WHEN ended.charging THEN 'moa.funding.v1.PledgeCharging' ELSE 'moa.funding.v1.PledgeReleased' END,
      swept.id::text, swept.version, pledge_event(swept));
  END LOOP;

  IF ids = '{}' THEN
    DELETE FROM sweep WHERE project_id = ended.project_id;
    RETURN 0;
  END IF;
  IF NOT ended.charging THEN
    SELECT array_agg(reward_id) AS reward_ids, array_agg(change) AS changes INTO home FROM (
      SELECT reward_id, -sum(quantity)::integer AS change FROM pledge_line WHERE pledge_id = ANY(ids) GROUP BY reward_id) AS line;
    PERFORM take_stock(home.reward_ids, home.changes);
  END IF;
  UPDATE sweep SET after = (SELECT id FROM unnest(ids) AS id ORDER BY id DESC LIMIT 1) WHERE project_id = ended.project_id;
  RETURN cardinality(ids);
END $$;

-- Begins the next attempt of refused charges that are due.
CREATE FUNCTION retry_charges(call jsonb, batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  due pledge;
  count integer := 0;
BEGIN
  FOR due IN
    UPDATE pledge SET state = 'CHARGING', charge_attempts = charge_attempts + 1, send_time = kit.at(call), next_charge_time = NULL, version = version + 1
     WHERE id = ANY (ARRAY(
       SELECT id FROM pledge WHERE next_charge_time <= kit.at(call) ORDER BY next_charge_time LIMIT batch FOR UPDATE SKIP LOCKED))
    RETURNING *
  LOOP
    count := count + 1;
    PERFORM kit.emit(call, 'moa.funding.v1.PledgeCharging', due.id::text, due.version, pledge_event(due));
  END LOOP;
  RETURN count;
END $$;

-- Hands out pledges whose charge payment has not taken, to be sent by one copy at a time: nobody else gets them while the lease lasts.
CREATE FUNCTION lease_charges(call jsonb, batch integer, lease_ms integer)
RETURNS TABLE (pledge_id uuid, project_id uuid, seller_id uuid, backer_id uuid, billing_method_id uuid, currency text, total_minor bigint, attempt integer)
LANGUAGE sql AS $$
  WITH leased AS (
    UPDATE pledge SET send_time = kit.at(call) + lease_ms * interval '1 millisecond'
     WHERE id = ANY (ARRAY(SELECT id FROM pledge WHERE send_time <= kit.at(call) ORDER BY send_time LIMIT batch FOR UPDATE SKIP LOCKED))
    RETURNING *
  )
  SELECT leased.id, leased.project_id, project.seller_id, leased.backer_id, leased.billing_method_id, leased.currency::text, leased.total_minor, leased.charge_attempts
    FROM leased JOIN project ON project.id = leased.project_id ORDER BY leased.id
$$;
