-- Points of people: lots that expire, spent in the order in which they do. Every write is one function below. It locks the person's row first, so
-- that whatever changes points of one person waits for its turn, and nothing else is ever locked by two of them in another order.

-- What a person has in all. The lots say the same, and the entries add up to it.
CREATE TABLE point_account (
  account_id uuid PRIMARY KEY,
  -- Available and held.
  balance_minor bigint NOT NULL DEFAULT 0 CHECK (balance_minor >= 0),
  held_minor bigint NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
  -- Had been spent when what had earned it was given back: taken off whatever becomes available next.
  owed_minor bigint NOT NULL DEFAULT 0 CHECK (owed_minor >= 0),
  -- Of the last event.
  version bigint NOT NULL DEFAULT 0,
  -- Set when the account was closed: whatever becomes available is forfeited.
  close_time timestamptz,
  CHECK (held_minor <= balance_minor)
);

CREATE TABLE point_lot (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id uuid NOT NULL REFERENCES point_account,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  -- Neither spent, held nor expired.
  left_minor bigint NOT NULL CHECK (left_minor >= 0),
  held_minor bigint NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
  create_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  -- When it was told that it expires soon.
  warn_time timestamptz,
  CHECK (left_minor + held_minor <= amount_minor)
);
CREATE INDEX point_lot_to_spend ON point_lot (account_id, expire_time, id) WHERE left_minor > 0;
CREATE INDEX point_lot_of_person ON point_lot (account_id) WHERE left_minor > 0 OR held_minor > 0;
CREATE INDEX point_lot_due ON point_lot (expire_time) WHERE left_minor > 0;
CREATE INDEX point_lot_to_warn_of ON point_lot (expire_time) WHERE left_minor > 0 AND warn_time IS NULL;

-- What an order or a pledge holds or has spent.
CREATE TABLE point_hold (
  holder_id uuid PRIMARY KEY,
  -- Null of a holder that was released before it held anything: it never will.
  account_id uuid REFERENCES point_account,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  state text NOT NULL CHECK (state IN ('HELD', 'CAPTURED', 'RELEASED')),
  returned_minor bigint NOT NULL DEFAULT 0,
  expire_time timestamptz,
  create_time timestamptz NOT NULL,
  end_time timestamptz,
  CHECK ((end_time IS NULL) = (state = 'HELD')),
  CHECK (CASE WHEN account_id IS NULL THEN state = 'RELEASED' AND amount_minor = 0 ELSE amount_minor > 0 END),
  CHECK (returned_minor BETWEEN 0 AND CASE state WHEN 'CAPTURED' THEN amount_minor ELSE 0 END)
);
CREATE INDEX point_hold_due ON point_hold (expire_time) WHERE state = 'HELD';

-- Which lots a hold took its points from: there they go back to.
CREATE TABLE point_hold_part (
  holder_id uuid NOT NULL REFERENCES point_hold,
  lot_id uuid NOT NULL REFERENCES point_lot,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  returned_minor bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (holder_id, lot_id),
  CHECK (returned_minor BETWEEN 0 AND amount_minor)
);

-- Returns that were made. Kept for ever: the same request gives nothing back again, however late it comes.
CREATE TABLE point_return (
  holder_id uuid NOT NULL REFERENCES point_hold,
  request_id uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  create_time timestamptz NOT NULL,
  PRIMARY KEY (holder_id, request_id)
);

-- What has earned points, once and for ever: a line of an order, or a review.
CREATE TABLE point_earning (
  source_id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES point_account,
  -- 0 when it was given back before we heard that it earns.
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  lot_id uuid REFERENCES point_lot,
  create_time timestamptz NOT NULL,
  claw_back_time timestamptz,
  CHECK ((lot_id IS NOT NULL) = (amount_minor > 0))
);

-- Everything that happened, append only. What is only held, or released, does not stand here.
CREATE TABLE point_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES point_account,
  kind text NOT NULL CHECK (kind IN ('EARNED', 'GRANTED', 'SPENT', 'RETURNED', 'EXPIRED', 'CLAWED_BACK', 'FORFEITED')),
  amount_minor bigint NOT NULL,
  balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
  reason text NOT NULL DEFAULT '',
  -- The order, pledge or review that it is about.
  subject_id uuid,
  -- Of staff.
  granter_id uuid,
  create_time timestamptz NOT NULL,
  CHECK (CASE WHEN kind IN ('EARNED', 'GRANTED', 'RETURNED') THEN amount_minor > 0 ELSE amount_minor < 0 END),
  CHECK ((granter_id IS NOT NULL) = (kind = 'GRANTED'))
);
CREATE INDEX point_entry_newest ON point_entry (account_id, id DESC);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'entries of points are append only: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON point_entry EXECUTE FUNCTION refuse_change();
-- Rights as well as the trigger: the service's role may read and add. It does not own the table, so it can take neither back.
DO $$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT DISTINCT a.grantee::regrole AS role FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = 'point_entry'::regclass AND a.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON point_entry FROM %s', granted.role);
  END LOOP;
END $$;

-- Looked at when the transaction commits: the lots say what the person's row says, and nothing stays available to who owes or has gone.
CREATE FUNCTION check_points_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own point_account;
  in_lots bigint;
  held_in_lots bigint;
BEGIN
  SELECT * INTO own FROM point_account WHERE account_id = NEW.account_id;
  SELECT coalesce(sum(left_minor + held_minor), 0), coalesce(sum(held_minor), 0) INTO in_lots, held_in_lots
    FROM point_lot WHERE account_id = own.account_id AND (left_minor > 0 OR held_minor > 0);
  IF (own.balance_minor, own.held_minor) <> (in_lots, held_in_lots)
     OR ((own.owed_minor > 0 OR own.close_time IS NOT NULL) AND own.balance_minor > own.held_minor) THEN
    RAISE 'points of % do not add up', own.account_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT OR UPDATE ON point_account DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_points_add_up();

-- Writes what happened: the balance, the entry and the event together.
CREATE FUNCTION write_point_entry(call jsonb, target uuid, kind text, amount bigint, subject uuid, reason text DEFAULT '', granter uuid DEFAULT NULL)
RETURNS point_entry LANGUAGE plpgsql AS $$
DECLARE
  own point_account;
  entry point_entry;
BEGIN
  UPDATE point_account SET balance_minor = balance_minor + amount, version = version + 1 WHERE account_id = target RETURNING * INTO own;
  INSERT INTO point_entry (account_id, kind, amount_minor, balance_minor, reason, subject_id, granter_id, create_time)
    VALUES (target, kind, amount, own.balance_minor, reason, subject, granter, kit.at(call)) RETURNING * INTO entry;
  PERFORM kit.emit(call, 'moa.user.v1.PointsChanged', target::text, own.version, jsonb_build_object(
    'accountId', target, 'entryId', entry.id::text, 'kind', 'KIND_' || kind, 'amount', kit.money('KRW', amount),
    'balanceMinor', own.balance_minor::text, 'subjectId', coalesce(subject::text, '')));
  RETURN entry;
END $$;

-- What has expired and is not held is gone.
CREATE FUNCTION expire_due_lots(call jsonb, target uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  expired bigint;
BEGIN
  WITH due AS (
    SELECT id, left_minor FROM point_lot WHERE account_id = target AND left_minor > 0 AND expire_time <= kit.at(call)
  ), emptied AS (
    UPDATE point_lot l SET left_minor = 0 FROM due WHERE l.id = due.id
  )
  SELECT sum(left_minor) INTO expired FROM due;
  IF expired > 0 THEN PERFORM write_point_entry(call, target, 'EXPIRED', -expired, NULL); END IF;
END $$;

-- Locks the person's row, and lets what is due expire: nobody who comes after this sees it.
CREATE FUNCTION lock_points(call jsonb, target uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO point_account (account_id) VALUES (target) ON CONFLICT DO NOTHING;
  PERFORM FROM point_account WHERE account_id = target FOR UPDATE;
  PERFORM expire_due_lots(call, target);
END $$;

-- Takes points out of lots: the preferred one first, then the first to expire. The caller knows that there are enough.
CREATE FUNCTION take_points(target uuid, wanted bigint, preferred uuid) RETURNS TABLE (lot_id uuid, part bigint) LANGUAGE sql AS $$
  WITH spendable AS (
    SELECT id, left_minor, sum(left_minor) OVER (ORDER BY id IS DISTINCT FROM preferred, expire_time, id) - left_minor AS before
      FROM point_lot WHERE account_id = target AND left_minor > 0
  ), taken AS (
    SELECT id, least(left_minor, wanted - before)::bigint AS part FROM spendable WHERE before < wanted
  )
  UPDATE point_lot l SET left_minor = l.left_minor - taken.part FROM taken WHERE l.id = taken.id RETURNING l.id, taken.part
$$;

-- The last step of whatever may have made points available: what is due expires, what is owed is taken, and who has gone keeps nothing.
CREATE FUNCTION settle_points(call jsonb, target uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  own point_account;
  taken bigint;
BEGIN
  PERFORM expire_due_lots(call, target);
  SELECT * INTO own FROM point_account WHERE account_id = target;
  taken := own.balance_minor - own.held_minor;
  IF own.close_time IS NULL THEN taken := least(taken, own.owed_minor); END IF;
  IF taken = 0 THEN RETURN; END IF;
  PERFORM take_points(target, taken, NULL);
  IF own.close_time IS NULL THEN
    UPDATE point_account SET owed_minor = owed_minor - taken WHERE account_id = target;
    PERFORM write_point_entry(call, target, 'CLAWED_BACK', -taken, NULL);
  ELSE
    PERFORM write_point_entry(call, target, 'FORFEITED', -taken, NULL);
  END IF;
END $$;

-- An entry as the service's answers hold it.
CREATE FUNCTION point_entry_json(shown point_entry) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', shown.id::text, 'kind', shown.kind, 'amountMinor', shown.amount_minor::text, 'balanceMinor', shown.balance_minor::text,
    'reason', shown.reason, 'subjectId', shown.subject_id, 'createTime', kit.timestamp(shown.create_time))
$$;

-- Staff give points.
CREATE FUNCTION grant_points(call jsonb, target uuid, amount bigint, why text, expires timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  entry point_entry;
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;
  PERFORM lock_points(call, target);
  PERFORM FROM point_account WHERE account_id = target AND close_time IS NOT NULL;
  IF FOUND THEN RAISE 'ACCOUNT_CLOSED' USING ERRCODE = 'MOA01'; END IF;
  INSERT INTO point_lot (account_id, amount_minor, left_minor, create_time, expire_time) VALUES (target, amount, amount, kit.at(call), expires);
  entry := write_point_entry(call, target, 'GRANTED', amount, NULL, why, (call->>'caller')::uuid);
  PERFORM settle_points(call, target);
  RETURN kit.answer(call, point_entry_json(entry));
END $$;

-- Points for something, once for each source; nothing when it was given back before. False when it had earned, or cannot any more.
CREATE FUNCTION earn_points(call jsonb, target uuid, source uuid, subject uuid, amount bigint, expires timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  lot uuid := gen_random_uuid();
BEGIN
  PERFORM lock_points(call, target);
  PERFORM FROM point_earning WHERE source_id = source;
  IF FOUND THEN RETURN false; END IF;
  INSERT INTO point_lot (id, account_id, amount_minor, left_minor, create_time, expire_time) VALUES (lot, target, amount, amount, kit.at(call), expires);
  INSERT INTO point_earning (source_id, account_id, amount_minor, lot_id, create_time) VALUES (source, target, amount, lot, kit.at(call));
  PERFORM write_point_entry(call, target, 'EARNED', amount, subject);
  PERFORM settle_points(call, target);
  RETURN true;
END $$;

-- Takes back what a source has earned, once: out of the lot that it made, then out of what expires first. What is not there is owed.
CREATE FUNCTION claw_back_points(call jsonb, target uuid, source uuid, subject uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  earned point_earning;
  taken bigint;
BEGIN
  PERFORM lock_points(call, target);
  INSERT INTO point_earning (source_id, account_id, amount_minor, create_time, claw_back_time) VALUES (source, target, 0, kit.at(call), kit.at(call))
    ON CONFLICT DO NOTHING;
  IF FOUND THEN RETURN false; END IF;
  UPDATE point_earning SET claw_back_time = kit.at(call) WHERE source_id = source AND account_id = target AND claw_back_time IS NULL RETURNING * INTO earned;
  IF NOT FOUND THEN RETURN false; END IF;
  SELECT least(balance_minor - held_minor, earned.amount_minor) INTO taken FROM point_account WHERE account_id = target;
  UPDATE point_account SET owed_minor = owed_minor + earned.amount_minor - taken WHERE account_id = target;
  IF taken > 0 THEN
    PERFORM take_points(target, taken, earned.lot_id);
    PERFORM write_point_entry(call, target, 'CLAWED_BACK', -taken, subject);
  END IF;
  RETURN true;
END $$;

-- Sets points aside for a holder: all, or none.
CREATE FUNCTION hold_points(call jsonb, holder uuid, target uuid, wanted bigint, expires timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  stored point_hold;
  available bigint;
BEGIN
  PERFORM lock_points(call, target);
  INSERT INTO point_hold (holder_id, account_id, amount_minor, state, expire_time, create_time) VALUES (holder, target, wanted, 'HELD', expires, kit.at(call))
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO stored FROM point_hold WHERE holder_id = holder;
    IF stored.state = 'RELEASED' THEN RAISE 'HOLDER_RELEASED' USING ERRCODE = 'MOA01'; END IF;
    IF (stored.account_id, stored.amount_minor, stored.expire_time) IS DISTINCT FROM (target, wanted, expires) THEN
      RAISE 'HOLDER_DIFFERS' USING ERRCODE = 'MOA01';
    END IF;
    RETURN;
  END IF;
  SELECT balance_minor - held_minor INTO available FROM point_account WHERE account_id = target;
  IF available < wanted THEN
    RAISE 'POINTS_NOT_ENOUGH' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('availableMinor', available::text);
  END IF;
  INSERT INTO point_hold_part (holder_id, lot_id, amount_minor) SELECT holder, t.lot_id, t.part FROM take_points(target, wanted, NULL) AS t;
  UPDATE point_lot l SET held_minor = l.held_minor + p.amount_minor FROM point_hold_part p WHERE p.holder_id = holder AND l.id = p.lot_id;
  UPDATE point_account SET held_minor = held_minor + wanted WHERE account_id = target;
END $$;

-- The holder's points, locked with their person: null when it never held any.
CREATE FUNCTION lock_hold(call jsonb, holder uuid) RETURNS point_hold LANGUAGE plpgsql AS $$
DECLARE
  own point_hold;
BEGIN
  SELECT * INTO own FROM point_hold WHERE holder_id = holder AND account_id IS NOT NULL;
  IF NOT FOUND THEN RETURN NULL; END IF;
  PERFORM lock_points(call, own.account_id);
  -- Again: whoever had the lock may have ended it.
  SELECT * INTO own FROM point_hold WHERE holder_id = holder;
  RETURN own;
END $$;

-- What is held is spent, also when its time is over and nobody has released it. Gives what the holder has spent in all: 0 when it holds nothing.
CREATE FUNCTION capture_points(call jsonb, holder uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  own point_hold := lock_hold(call, holder);
BEGIN
  IF own.state = 'CAPTURED' THEN RETURN own.amount_minor; END IF;
  IF own.state IS DISTINCT FROM 'HELD' THEN RETURN 0; END IF;
  UPDATE point_hold SET state = 'CAPTURED', end_time = kit.at(call) WHERE holder_id = holder;
  UPDATE point_lot l SET held_minor = l.held_minor - p.amount_minor FROM point_hold_part p WHERE p.holder_id = holder AND l.id = p.lot_id;
  UPDATE point_account SET held_minor = held_minor - own.amount_minor WHERE account_id = own.account_id;
  PERFORM write_point_entry(call, own.account_id, 'SPENT', -own.amount_minor, holder);
  RETURN own.amount_minor;
END $$;

-- What is held goes back to where it came from, and the holder can hold no more: also one that never held. What is spent stays spent.
CREATE FUNCTION release_points(call jsonb, holder uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own point_hold;
BEGIN
  -- Waits here for a hold that is being made, and then finds it.
  INSERT INTO point_hold (holder_id, amount_minor, state, create_time, end_time) VALUES (holder, 0, 'RELEASED', kit.at(call), kit.at(call))
    ON CONFLICT DO NOTHING;
  IF FOUND THEN RETURN false; END IF;
  own := lock_hold(call, holder);
  IF own.state IS DISTINCT FROM 'HELD' THEN RETURN false; END IF;
  UPDATE point_hold SET state = 'RELEASED', end_time = kit.at(call) WHERE holder_id = holder;
  UPDATE point_lot l SET left_minor = l.left_minor + p.amount_minor, held_minor = l.held_minor - p.amount_minor
    FROM point_hold_part p WHERE p.holder_id = holder AND l.id = p.lot_id;
  UPDATE point_account SET held_minor = held_minor - own.amount_minor WHERE account_id = own.account_id;
  PERFORM settle_points(call, own.account_id);
  RETURN true;
END $$;

-- Gives back what was spent: to the lots that it came from, those that expire last first. What came from lots that have expired meanwhile
-- comes back as one new lot, which `expires` soon.
CREATE FUNCTION return_points(call jsonb, holder uuid, request uuid, wanted bigint, expires timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  own point_hold := lock_hold(call, holder);
  spent bigint := CASE own.state WHEN 'CAPTURED' THEN own.amount_minor - own.returned_minor ELSE 0 END;
  before bigint;
  left_to_give bigint := wanted;
  given bigint;
  from_expired bigint := 0;
  part record;
BEGIN
  SELECT amount_minor INTO before FROM point_return WHERE holder_id = holder AND request_id = request;
  IF before = wanted THEN RETURN; END IF;
  IF before IS NOT NULL THEN RAISE 'REQUEST_ID_REUSED' USING ERRCODE = 'MOA01'; END IF;
  IF wanted > spent THEN
    RAISE 'POINTS_RETURN_TOO_LARGE' USING ERRCODE = 'MOA01', DETAIL = jsonb_build_object('spentMinor', spent::text);
  END IF;
  INSERT INTO point_return (holder_id, request_id, amount_minor, create_time) VALUES (holder, request, wanted, kit.at(call));
  UPDATE point_hold SET returned_minor = returned_minor + wanted WHERE holder_id = holder;
  FOR part IN
    SELECT p.lot_id, p.amount_minor - p.returned_minor AS spent_minor, l.expire_time <= kit.at(call) AS is_expired
      FROM point_hold_part p JOIN point_lot l ON l.id = p.lot_id
      WHERE p.holder_id = holder AND p.returned_minor < p.amount_minor ORDER BY l.expire_time DESC, l.id DESC
  LOOP
    EXIT WHEN left_to_give = 0;
    given := least(part.spent_minor, left_to_give);
    left_to_give := left_to_give - given;
    UPDATE point_hold_part SET returned_minor = returned_minor + given WHERE holder_id = holder AND lot_id = part.lot_id;
    IF part.is_expired THEN from_expired := from_expired + given;
    ELSE UPDATE point_lot SET left_minor = left_minor + given WHERE id = part.lot_id;
    END IF;
  END LOOP;
  IF from_expired > 0 THEN
    INSERT INTO point_lot (account_id, amount_minor, left_minor, create_time, expire_time) VALUES (own.account_id, from_expired, from_expired, kit.at(call), expires);
  END IF;
  PERFORM write_point_entry(call, own.account_id, 'RETURNED', wanted, holder);
  PERFORM settle_points(call, own.account_id);
END $$;

-- The person has gone: what is available is forfeited, and so is what comes back later. Holds go on.
CREATE FUNCTION forfeit_points(call jsonb, target uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM lock_points(call, target);
  UPDATE point_account SET close_time = kit.at(call) WHERE account_id = target AND close_time IS NULL;
  PERFORM settle_points(call, target);
END $$;

-- Lets what is due of a person expire.
CREATE FUNCTION expire_points(call jsonb, target uuid) RETURNS void LANGUAGE sql AS $$
  SELECT lock_points(call, target)
$$;

-- Tells that lots of a person expire before `horizon`, once of each.
CREATE FUNCTION tell_expiring_points(call jsonb, target uuid, horizon timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  lot point_lot;
  event_version bigint;
BEGIN
  PERFORM lock_points(call, target);
  FOR lot IN
    UPDATE point_lot SET warn_time = kit.at(call) WHERE account_id = target AND left_minor > 0 AND warn_time IS NULL AND expire_time <= horizon RETURNING *
  LOOP
    UPDATE point_account SET version = version + 1 WHERE account_id = target RETURNING version INTO event_version;
    PERFORM kit.emit(call, 'moa.user.v1.PointsExpiring', target::text, event_version, jsonb_build_object(
      'accountId', target, 'lotId', lot.id, 'amountMinor', lot.left_minor::text, 'expireTime', kit.timestamp(lot.expire_time)));
  END LOOP;
END $$;
