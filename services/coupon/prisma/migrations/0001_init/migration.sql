-- Campaigns, and the coupons that came of them.
CREATE TABLE campaign (
  id uuid PRIMARY KEY,
  state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'PAUSED', 'ENDED')),
  name text NOT NULL,
  -- One of the two.
  fixed_minor bigint CHECK (fixed_minor > 0),
  percent_basis_points integer CHECK (percent_basis_points BETWEEN 1 AND 10000),
  -- 0: no cap.
  cap_minor bigint NOT NULL DEFAULT 0,
  minimum_spend_minor bigint NOT NULL DEFAULT 0,
  -- FUNDING, INSTANT, or null for both.
  flow text CHECK (flow IN ('FUNDING', 'INSTANT')),
  categories text[] NOT NULL DEFAULT '{}',
  seller_ids uuid[] NOT NULL DEFAULT '{}',
  item_ids uuid[] NOT NULL DEFAULT '{}',
  payer text NOT NULL CHECK (payer IN ('PLATFORM', 'SELLER')),
  issue_start_time timestamptz NOT NULL,
  issue_end_time timestamptz,
  -- One of the two.
  valid_until timestamptz,
  valid_days integer CHECK (valid_days > 0),
  -- 0: no limit.
  total_limit bigint NOT NULL DEFAULT 0,
  limit_per_user integer NOT NULL DEFAULT 0,
  stackable boolean NOT NULL DEFAULT false,
  code_kind text NOT NULL CHECK (code_kind IN ('NONE', 'SHARED', 'UNIQUE')),
  -- As it is compared: upper case, without spaces and hyphens.
  shared_code text UNIQUE,
  claimable boolean NOT NULL DEFAULT false,
  welcome boolean NOT NULL DEFAULT false,
  -- 0: no limit.
  budget_minor bigint NOT NULL DEFAULT 0,
  returned_on_refund boolean NOT NULL DEFAULT false,
  currency text NOT NULL,
  -- Given out and not revoked: never above the limit.
  issued_count bigint NOT NULL DEFAULT 0 CHECK (issued_count >= 0),
  -- Taken off so far, reserved coupons included: never above the budget.
  spent_minor bigint NOT NULL DEFAULT 0 CHECK (spent_minor >= 0),
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL,
  CHECK ((fixed_minor IS NULL) <> (percent_basis_points IS NULL)),
  CHECK ((valid_until IS NULL) <> (valid_days IS NULL)),
  CHECK (total_limit = 0 OR issued_count <= total_limit),
  CHECK (budget_minor = 0 OR spent_minor <= budget_minor)
);
CREATE INDEX campaign_create_time ON campaign (create_time DESC, id DESC);
CREATE INDEX campaign_claimable ON campaign ((coalesce(issue_end_time, 'infinity')), id) WHERE claimable AND state = 'ACTIVE';

CREATE TABLE coupon (
  id uuid PRIMARY KEY,
  campaign_id uuid NOT NULL REFERENCES campaign,
  owner_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'ISSUED' CHECK (state IN ('ISSUED', 'RESERVED', 'USED', 'EXPIRED', 'REVOKED')),
  source text NOT NULL CHECK (source IN ('GRANT', 'LIST', 'CODE', 'CLAIM', 'WELCOME')),
  -- The how-manieth of its campaign for its owner: with the limit per person, the last word on it.
  ordinal integer NOT NULL CHECK (ordinal > 0),
  -- The order or pledge that holds it, or that it was used for.
  holder_id uuid,
  -- What it takes off there.
  discount_minor bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0),
  version bigint NOT NULL DEFAULT 1,
  issue_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  use_time timestamptz,
  CHECK ((state IN ('RESERVED', 'USED')) = (holder_id IS NOT NULL)),
  UNIQUE (campaign_id, owner_id, ordinal)
);
CREATE INDEX coupon_owner ON coupon (owner_id, state, expire_time, id);
CREATE INDEX coupon_holder ON coupon (holder_id) WHERE holder_id IS NOT NULL;
CREATE INDEX coupon_expire ON coupon (expire_time) WHERE state = 'ISSUED';

-- Orders and pledges that have reserved coupons, and what came of it: a holder that was released reserves nothing any more.
CREATE TABLE holder (
  id uuid PRIMARY KEY,
  state text NOT NULL DEFAULT 'HELD' CHECK (state IN ('HELD', 'COMMITTED', 'RELEASED')),
  -- Of what was asked: another body under the same id is refused. Empty for one that was released before it reserved anything.
  hash text NOT NULL DEFAULT '',
  -- The answer, as a proto Quote in bytes.
  quote bytea,
  -- Given back then. Null: not by time.
  expire_time timestamptz,
  create_time timestamptz NOT NULL
);
CREATE INDEX holder_expire ON holder (expire_time) WHERE state = 'HELD' AND expire_time IS NOT NULL;

-- What every event of a coupon says.
CREATE FUNCTION coupon_event(c coupon) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('couponId', c.id, 'campaignId', c.campaign_id, 'ownerId', c.owner_id)
$$;

CREATE FUNCTION tell_coupon(call jsonb, event text, c coupon, more jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM kit.emit(call, 'moa.coupon.v1.' || event, c.id::text, c.version, coupon_event(c) || more);
END $$;

-- Gives a person a coupon: the one way in which coupons come to be. The campaign's row is locked by its count, so that the limits hold.
CREATE FUNCTION issue_coupon(call jsonb, new_id uuid, of_campaign uuid, for_owner uuid, came_by text) RETURNS coupon LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(call);
  p campaign;
  has integer;
  issued coupon;
BEGIN
  SELECT * INTO p FROM campaign WHERE id = of_campaign FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'CAMPAIGN_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF p.state <> 'ACTIVE' OR at < p.issue_start_time OR at >= p.issue_end_time OR at >= p.valid_until THEN
    RAISE 'CAMPAIGN_NOT_OPEN' USING ERRCODE = 'MOA01';
  END IF;
  SELECT count(*) INTO has FROM coupon WHERE campaign_id = of_campaign AND owner_id = for_owner;
  IF p.limit_per_user > 0 AND has >= p.limit_per_user THEN RAISE 'ALREADY_CLAIMED' USING ERRCODE = 'MOA01'; END IF;
  IF p.total_limit > 0 AND p.issued_count >= p.total_limit THEN RAISE 'CAMPAIGN_EXHAUSTED' USING ERRCODE = 'MOA01'; END IF;
  UPDATE campaign SET issued_count = issued_count + 1 WHERE id = of_campaign;
  INSERT INTO coupon (id, campaign_id, owner_id, source, ordinal, issue_time, expire_time)
    VALUES (new_id, of_campaign, for_owner, came_by, has + 1, at, coalesce(p.valid_until, at + make_interval(days => p.valid_days))) RETURNING * INTO issued;
  PERFORM tell_coupon(call, 'CouponGranted', issued, jsonb_build_object('name', p.name, 'source', 'SOURCE_' || came_by,
    'issueTime', kit.timestamp(issued.issue_time), 'expireTime', kit.timestamp(issued.expire_time)));
  RETURN issued;
END $$;

-- Reserves coupons that were found to be good, under the locks of their rows, and remembers the answer.
CREATE FUNCTION reserve_coupons(call jsonb, holder_of uuid, coupon_ids uuid[], discounts bigint[], answer bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  wanted record;
  c coupon;
  money text;
BEGIN
  FOR wanted IN SELECT * FROM unnest(coupon_ids, discounts) AS w (id, discount) ORDER BY id LOOP
    UPDATE coupon SET state = 'RESERVED', holder_id = holder_of, discount_minor = wanted.discount, version = version + 1
      WHERE id = wanted.id AND state = 'ISSUED' RETURNING * INTO STRICT c;
    UPDATE campaign SET spent_minor = spent_minor + wanted.discount WHERE id = c.campaign_id RETURNING currency INTO money;
    PERFORM tell_coupon(call, 'CouponReserved', c, jsonb_build_object('holderId', holder_of, 'discount', kit.money(money, wanted.discount)));
  END LOOP;
  UPDATE holder SET quote = answer WHERE id = holder_of;
END $$;

-- What the holder holds is used. Once.
CREATE FUNCTION commit_holder(call jsonb, holder_of uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  h holder;
  c coupon;
BEGIN
  SELECT * INTO h FROM holder WHERE id = holder_of FOR UPDATE;
  IF NOT FOUND OR h.state = 'COMMITTED' THEN RETURN; END IF;
  IF h.state = 'RELEASED' THEN RAISE 'HOLDER_RELEASED' USING ERRCODE = 'MOA01'; END IF;
  UPDATE holder SET state = 'COMMITTED', expire_time = NULL WHERE id = holder_of;
  FOR c IN UPDATE coupon SET state = 'USED', use_time = kit.at(call), version = version + 1 WHERE holder_id = holder_of AND state = 'RESERVED' RETURNING * LOOP
    PERFORM tell_coupon(call, 'CouponUsed', c, jsonb_build_object('holderId', holder_of,
      'discount', (SELECT kit.money(currency, c.discount_minor) FROM campaign WHERE id = c.campaign_id)));
  END LOOP;
END $$;

-- A coupon is its owner's again, or has expired meanwhile.
CREATE FUNCTION free_coupon(call jsonb, which uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  was coupon;
  c coupon;
BEGIN
  SELECT * INTO was FROM coupon WHERE id = which;
  UPDATE coupon SET state = 'ISSUED', holder_id = NULL, discount_minor = 0, use_time = NULL, version = version + 1 WHERE id = which RETURNING * INTO c;
  UPDATE campaign SET spent_minor = spent_minor - was.discount_minor WHERE id = c.campaign_id AND was.discount_minor > 0;
  PERFORM tell_coupon(call, 'CouponReleased', c, jsonb_build_object('holderId', was.holder_id));
  PERFORM expire_coupon(call, which);
END $$;

-- Once its time is over.
CREATE FUNCTION expire_coupon(call jsonb, which uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c coupon;
BEGIN
  UPDATE coupon SET state = 'EXPIRED', version = version + 1 WHERE id = which AND state = 'ISSUED' AND expire_time <= kit.at(call) RETURNING * INTO c;
  IF FOUND THEN PERFORM tell_coupon(call, 'CouponExpired', c); END IF;
END $$;

-- What these hold, and the money of its campaigns: coupons by id, then campaigns by id, as a reservation does, so that nobody waits in a circle.
CREATE FUNCTION lock_held(holders uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM coupon WHERE holder_id = ANY (holders) ORDER BY id FOR UPDATE;
  PERFORM FROM campaign WHERE id IN (SELECT campaign_id FROM coupon WHERE holder_id = ANY (holders)) ORDER BY id FOR NO KEY UPDATE;
END $$;

-- Gives back what the holder holds. It cannot hold any more, also when it comes later.
CREATE FUNCTION release_holder(call jsonb, holder_of uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  h holder;
BEGIN
  INSERT INTO holder (id, state, create_time) VALUES (holder_of, 'RELEASED', kit.at(call)) ON CONFLICT DO NOTHING;
  IF FOUND THEN RETURN; END IF;
  SELECT * INTO h FROM holder WHERE id = holder_of FOR UPDATE;
  IF h.state = 'RELEASED' THEN RETURN; END IF;
  IF h.state = 'COMMITTED' THEN RAISE 'HOLDER_COMMITTED' USING ERRCODE = 'MOA01'; END IF;
  UPDATE holder SET state = 'RELEASED', expire_time = NULL WHERE id = holder_of;
  PERFORM lock_held(ARRAY[holder_of]);
  PERFORM free_coupon(call, c.id) FROM (SELECT id FROM coupon WHERE holder_id = holder_of AND state = 'RESERVED' ORDER BY id) AS c;
END $$;

-- Less was taken off after all; when all was given back, a coupon whose campaign says so is its owner's again.
CREATE FUNCTION return_discounts(call jsonb, holder_of uuid, coupon_ids uuid[], discounts bigint[], in_full boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c record;
BEGIN
  PERFORM lock_held(ARRAY[holder_of]);
  FOR c IN SELECT u.id, u.campaign_id, least(u.discount_minor, coalesce(d.discount, 0)) AS less, p.returned_on_refund, u.expire_time
      FROM coupon u JOIN campaign p ON p.id = u.campaign_id LEFT JOIN unnest(coupon_ids, discounts) AS d (id, discount) ON d.id = u.id
      WHERE u.holder_id = holder_of AND u.state = 'USED' ORDER BY u.id LOOP
    UPDATE coupon SET discount_minor = discount_minor - c.less WHERE id = c.id AND c.less > 0;
    UPDATE campaign SET spent_minor = spent_minor - c.less WHERE id = c.campaign_id AND c.less > 0;
    IF in_full AND c.returned_on_refund AND c.expire_time > kit.at(call) THEN PERFORM free_coupon(call, c.id); END IF;
  END LOOP;
END $$;

-- Holders and coupons whose time is over, at most so many of each; gives how many.
CREATE FUNCTION expire_due(call jsonb, most integer, grace interval) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  due uuid[];
  done integer;
BEGIN
  due := ARRAY(SELECT id FROM holder WHERE state = 'HELD' AND expire_time <= kit.at(call) - grace ORDER BY expire_time LIMIT most FOR UPDATE SKIP LOCKED);
  PERFORM lock_held(due);
  PERFORM release_holder(call, id) FROM unnest(due) AS id;
  done := cardinality(due);
  due := ARRAY(SELECT id FROM coupon WHERE state = 'ISSUED' AND expire_time <= kit.at(call) ORDER BY expire_time LIMIT most FOR UPDATE SKIP LOCKED);
  PERFORM expire_coupon(call, id) FROM unnest(due) AS id;
  RETURN done + cardinality(due);
END $$;

-- Takes a coupon away that is neither held nor used.
CREATE FUNCTION revoke_coupon(call jsonb, which uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c coupon;
BEGIN
  SELECT * INTO c FROM coupon WHERE id = which FOR UPDATE;
  IF NOT FOUND THEN RAISE 'COUPON_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF c.state = 'REVOKED' THEN RETURN; END IF;
  IF c.state <> 'ISSUED' THEN RAISE 'COUPON_NOT_REVOCABLE' USING ERRCODE = 'MOA01'; END IF;
  UPDATE coupon SET state = 'REVOKED', version = version + 1 WHERE id = which RETURNING * INTO c;
  UPDATE campaign SET issued_count = issued_count - 1 WHERE id = c.campaign_id;
  PERFORM tell_coupon(call, 'CouponRevoked', c);
END $$;
