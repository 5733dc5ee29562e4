-- How people come by coupons: claims, codes, lists, and by having come.

-- Nobody claims a campaign twice, or is welcomed twice: the last word on it.
CREATE UNIQUE INDEX coupon_once ON coupon (campaign_id, owner_id, source) WHERE source IN ('CLAIM', 'WELCOME');

CREATE TABLE issue_job (
  id uuid PRIMARY KEY,
  campaign_id uuid NOT NULL REFERENCES campaign,
  kind text NOT NULL CHECK (kind IN ('LIST', 'CODES')),
  state text NOT NULL CHECK (state IN ('OPEN', 'RUNNING', 'DONE', 'STOPPED')),
  total_count bigint NOT NULL DEFAULT 0,
  done_count bigint NOT NULL DEFAULT 0,
  skipped_count bigint NOT NULL DEFAULT 0,
  stop_reason text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL,
  end_time timestamptz,
  CHECK (done_count + skipped_count <= total_count)
);
CREATE INDEX issue_job_running ON issue_job (create_time, id) WHERE state = 'RUNNING';

-- Who is on a list and has not been served.
CREATE TABLE issue_list (
  job_id uuid NOT NULL REFERENCES issue_job,
  account_id uuid NOT NULL,
  PRIMARY KEY (job_id, account_id)
);

CREATE TABLE coupon_code (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- As it is compared: without hyphens.
  code text NOT NULL UNIQUE,
  campaign_id uuid NOT NULL REFERENCES campaign,
  redeemed_by uuid,
  redeem_time timestamptz
);
CREATE INDEX coupon_code_campaign ON coupon_code (campaign_id, position);

-- A claim of a person: [{"call", "newId", "campaignId"}], with an outcome for each, in their order: {"id"} or {"reason"}.
-- Those that come together are written together. Campaigns are locked by id, and requests before them, by caller and id.
CREATE FUNCTION claim_coupons(claims jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  outcomes jsonb[] := array_fill(NULL::jsonb, ARRAY[jsonb_array_length(claims)]);
  repeated integer[] := '{}';
  c record;
  reason text;
  open_now boolean;
  issued uuid;
BEGIN
  FOR c IN SELECT place::integer, claim->'call' AS call FROM jsonb_array_elements(claims) WITH ORDINALITY AS a (claim, place)
      ORDER BY claim->'call'->>'caller', claim->'call'->>'request' LOOP
    IF NOT kit.claim(c.call) THEN repeated := repeated || c.place; END IF;
  END LOOP;
  PERFORM FROM campaign WHERE id IN (SELECT (claim->>'campaignId')::uuid FROM jsonb_array_elements(claims) AS claim) ORDER BY id FOR NO KEY UPDATE;
  FOR c IN SELECT place::integer, claim->'call' AS call, (claim->>'newId')::uuid AS new_id, (claim->>'campaignId')::uuid AS campaign_id
      FROM jsonb_array_elements(claims) WITH ORDINALITY AS a (claim, place) ORDER BY place LOOP
    IF c.place = ANY (repeated) THEN
      outcomes[c.place] := coalesce(kit.first_answer(c.call), '{"reason": "REQUEST_IN_PROGRESS"}');
      CONTINUE;
    END IF;
    BEGIN
      SELECT claimable INTO open_now FROM campaign WHERE id = c.campaign_id;
      IF NOT FOUND THEN RAISE 'CAMPAIGN_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
      IF NOT open_now THEN RAISE 'CAMPAIGN_NOT_OPEN' USING ERRCODE = 'MOA01'; END IF;
      PERFORM FROM coupon WHERE campaign_id = c.campaign_id AND owner_id = (c.call->>'caller')::uuid AND source = 'CLAIM';
      IF FOUND THEN RAISE 'ALREADY_CLAIMED' USING ERRCODE = 'MOA01'; END IF;
      SELECT id INTO issued FROM issue_coupon(c.call, c.new_id, c.campaign_id, (c.call->>'caller')::uuid, 'CLAIM');
      outcomes[c.place] := kit.answer(c.call, jsonb_build_object('id', issued));
    EXCEPTION WHEN SQLSTATE 'MOA01' THEN
      GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT;
      PERFORM kit.unclaim(c.call);
      outcomes[c.place] := jsonb_build_object('reason', reason);
    END;
  END LOOP;
  RETURN to_jsonb(outcomes);
END $$;

-- A coupon for a code; gives its id. Codes are told apart by nothing but whether they are there.
CREATE FUNCTION redeem_code(call jsonb, new_id uuid, typed text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'caller')::uuid;
  k coupon_code;
  target uuid;
  issued uuid;
BEGIN
  SELECT * INTO k FROM coupon_code WHERE code = typed FOR UPDATE;
  IF FOUND THEN
    IF k.redeemed_by IS NOT NULL THEN RAISE 'CODE_USED' USING ERRCODE = 'MOA01'; END IF;
    target := k.campaign_id;
    UPDATE coupon_code SET redeemed_by = who, redeem_time = kit.at(call) WHERE position = k.position;
  ELSE
    SELECT id INTO target FROM campaign WHERE shared_code = typed FOR NO KEY UPDATE;
    IF NOT FOUND THEN RAISE 'CODE_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
    PERFORM FROM coupon WHERE campaign_id = target AND owner_id = who AND source = 'CODE';
    IF FOUND THEN RAISE 'ALREADY_CLAIMED' USING ERRCODE = 'MOA01'; END IF;
  END IF;
  SELECT id INTO issued FROM issue_coupon(call, new_id, target, who, 'CODE');
  RETURN issued;
END $$;

-- A person has come: every campaign that welcomes gives a coupon, as far as it has one.
CREATE FUNCTION welcome(call jsonb, who uuid, new_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT id, row_number() OVER (ORDER BY id) AS place FROM campaign WHERE welcome AND state = 'ACTIVE' ORDER BY id LIMIT cardinality(new_ids) LOOP
    CONTINUE WHEN EXISTS (SELECT FROM coupon WHERE campaign_id = c.id AND owner_id = who AND source = 'WELCOME');
    BEGIN
      PERFORM issue_coupon(call, new_ids[c.place], c.id, who, 'WELCOME');
    EXCEPTION WHEN SQLSTATE 'MOA01' THEN
      NULL; -- None is left, or it is not its time.
    END;
  END LOOP;
END $$;

-- Serves the next of a list; gives how many. Stops where the campaign does: who was not served stays on the list.
CREATE FUNCTION issue_next(call jsonb, job uuid, new_ids uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  j issue_job;
  who uuid;
  served uuid[] := '{}';
  given integer := 0;
  reason text := '';
  ended boolean;
BEGIN
  SELECT * INTO j FROM issue_job WHERE id = job AND state = 'RUNNING' FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN 0; END IF;
  FOR who IN SELECT account_id FROM issue_list WHERE job_id = job ORDER BY account_id LIMIT cardinality(new_ids) LOOP
    BEGIN
      PERFORM issue_coupon(call, new_ids[cardinality(served) + 1], j.campaign_id, who, 'LIST');
      given := given + 1;
    EXCEPTION WHEN SQLSTATE 'MOA01' THEN
      GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT;
      EXIT WHEN reason <> 'ALREADY_CLAIMED';
      reason := '';
    END;
    served := served || who;
  END LOOP;
  DELETE FROM issue_list WHERE job_id = job AND account_id = ANY (served);
  ended := reason <> '' OR cardinality(served) < cardinality(new_ids);
  UPDATE issue_job SET done_count = done_count + given, skipped_count = skipped_count + cardinality(served) - given, stop_reason = reason,
      state = CASE WHEN reason <> '' THEN 'STOPPED' WHEN ended THEN 'DONE' ELSE state END, end_time = CASE WHEN ended THEN kit.at(call) END
    WHERE id = job;
  RETURN cardinality(served);
END $$;

-- Writes codes that were made; gives how many are still to be made. What was made twice does not count.
CREATE FUNCTION add_codes(call jsonb, job uuid, codes text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  j issue_job;
  made integer;
BEGIN
  SELECT * INTO j FROM issue_job WHERE id = job AND state = 'RUNNING' FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN 0; END IF;
  INSERT INTO coupon_code (code, campaign_id) SELECT c, j.campaign_id FROM unnest(codes[1:(j.total_count - j.done_count)::integer]) AS c ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS made = ROW_COUNT;
  UPDATE issue_job SET done_count = done_count + made,
      state = CASE WHEN done_count + made = total_count THEN 'DONE' ELSE state END,
      end_time = CASE WHEN done_count + made = total_count THEN kit.at(call) END
    WHERE id = job RETURNING * INTO j;
  RETURN j.total_count - j.done_count;
END $$;
