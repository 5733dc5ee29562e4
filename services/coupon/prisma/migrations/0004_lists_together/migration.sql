-- A list is served many at a time. Its campaign's row is written once for all of them: each time that it is written leaves another version of it
-- behind, and whoever looks for it in that transaction walks past all of these.

-- A campaign that gives out coupons now. It is locked, so that the limits hold.
CREATE FUNCTION lock_open_campaign(call jsonb, which uuid) RETURNS campaign LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(call);
  p campaign;
BEGIN
  SELECT * INTO p FROM campaign WHERE id = which FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'CAMPAIGN_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF p.state <> 'ACTIVE' OR at < p.issue_start_time OR at >= p.issue_end_time OR at >= p.valid_until THEN
    RAISE 'CAMPAIGN_NOT_OPEN' USING ERRCODE = 'MOA01';
  END IF;
  RETURN p;
END $$;

-- Gives people a coupon each: the one way in which coupons come to be. The campaign is locked, and the limits allow it; ordinals say the
-- how-manieth of each person it is.
CREATE FUNCTION give_coupons(call jsonb, p campaign, new_ids uuid[], owners uuid[], ordinals integer[], came_by text) RETURNS SETOF coupon LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(call);
  given coupon;
BEGIN
  UPDATE campaign SET issued_count = issued_count + cardinality(owners) WHERE id = p.id AND cardinality(owners) > 0;
  FOR given IN INSERT INTO coupon (id, campaign_id, owner_id, source, ordinal, issue_time, expire_time)
      SELECT new_ids[n], p.id, owners[n], came_by, ordinals[n], at, coalesce(p.valid_until, at + make_interval(days => p.valid_days))
        FROM generate_subscripts(owners, 1) AS n RETURNING * LOOP
    PERFORM tell_coupon(call, 'CouponGranted', given, jsonb_build_object('name', p.name, 'source', 'SOURCE_' || came_by,
      'issueTime', kit.timestamp(given.issue_time), 'expireTime', kit.timestamp(given.expire_time)));
    RETURN NEXT given;
  END LOOP;
END $$;

-- Gives a person a coupon.
CREATE OR REPLACE FUNCTION issue_coupon(call jsonb, new_id uuid, of_campaign uuid, for_owner uuid, came_by text) RETURNS coupon LANGUAGE plpgsql AS $$
DECLARE
  p campaign := lock_open_campaign(call, of_campaign);
  has integer;
  issued coupon;
BEGIN
  SELECT count(*) INTO has FROM coupon WHERE campaign_id = of_campaign AND owner_id = for_owner;
  IF p.limit_per_user > 0 AND has >= p.limit_per_user THEN RAISE 'ALREADY_CLAIMED' USING ERRCODE = 'MOA01'; END IF;
  IF p.total_limit > 0 AND p.issued_count >= p.total_limit THEN RAISE 'CAMPAIGN_EXHAUSTED' USING ERRCODE = 'MOA01'; END IF;
  SELECT * INTO issued FROM give_coupons(call, p, ARRAY[new_id], ARRAY[for_owner], ARRAY[has + 1], came_by);
  RETURN issued;
END $$;

-- Serves the next of a list; gives how many. Stops where the campaign does: who was not served stays on the list.
CREATE OR REPLACE FUNCTION issue_next(call jsonb, job uuid, new_ids uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  j issue_job;
  p campaign;
  served uuid[];
  -- Those of them who may have one more: who, where they stand, and which of theirs it is.
  owners uuid[] := '{}';
  places integer[];
  ordinals integer[];
  given integer := 0;
  reason text := '';
  ended boolean;
BEGIN
  SELECT * INTO j FROM issue_job WHERE id = job AND state = 'RUNNING' FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN 0; END IF;
  served := ARRAY(SELECT account_id FROM issue_list WHERE job_id = job ORDER BY account_id LIMIT cardinality(new_ids));
  ended := cardinality(served) < cardinality(new_ids);
  BEGIN
    IF cardinality(served) > 0 THEN p := lock_open_campaign(call, j.campaign_id); END IF;
    SELECT coalesce(array_agg(account ORDER BY place), '{}'), array_agg(place ORDER BY place), array_agg(has + 1 ORDER BY place) INTO owners, places, ordinals
      FROM (SELECT account, place::integer, (SELECT count(*)::integer FROM coupon WHERE campaign_id = p.id AND owner_id = account) AS has
        FROM unnest(served) WITH ORDINALITY AS s (account, place)) AS a
      WHERE p.limit_per_user = 0 OR has < p.limit_per_user;
    given := cardinality(owners);
    IF p.total_limit > 0 AND given > p.total_limit - p.issued_count THEN
      given := p.total_limit - p.issued_count;
      served := served[1:places[given + 1] - 1];
      reason := 'CAMPAIGN_EXHAUSTED';
    END IF;
    PERFORM give_coupons(call, p, new_ids, owners[1:given], ordinals, 'LIST');
  EXCEPTION WHEN SQLSTATE 'MOA01' THEN
    GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT;
    served := '{}';
  END;
  DELETE FROM issue_list WHERE job_id = job AND account_id = ANY (served);
  UPDATE issue_job SET done_count = done_count + given, skipped_count = skipped_count + cardinality(served) - given, stop_reason = reason,
      state = CASE WHEN reason <> '' THEN 'STOPPED' WHEN ended THEN 'DONE' ELSE state END, end_time = CASE WHEN ended OR reason <> '' THEN kit.at(call) END
    WHERE id = job;
  RETURN cardinality(served);
END $$;
