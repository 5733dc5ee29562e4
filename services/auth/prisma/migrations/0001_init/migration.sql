-- Who can sign in.
CREATE TABLE account (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  -- The address as it is compared: lower case.
  email_key text NOT NULL UNIQUE,
  password_hash text NOT NULL,
  roles text[] NOT NULL CHECK (roles <@ ARRAY['USER', 'SELLER', 'ADMIN', 'COMPLIANCE', 'PARTNER'] AND 'USER' = ANY (roles)),
  state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'SUSPENDED')),
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL
);

-- A sign-in, and the family of refresh tokens that came from it: each use of a token makes the next generation.
CREATE TABLE session (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account,
  -- SHA-256 of the family's random part. The tokens themselves are nowhere.
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  -- Of the token that is good now, and when it came to be.
  generation integer NOT NULL DEFAULT 0,
  rotate_time timestamptz NOT NULL,
  -- Moves on with each use, up to the last one.
  expire_time timestamptz NOT NULL,
  last_expire_time timestamptz NOT NULL,
  end_time timestamptz,
  end_reason text CHECK (end_reason IN ('SIGNED_OUT', 'TOKEN_REUSED')),
  -- Goes into its access tokens: a higher one makes the earlier stale.
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL,
  CHECK ((end_time IS NULL) = (end_reason IS NULL)),
  CHECK (expire_time <= last_expire_time)
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_last_expire_time ON session (last_expire_time);

-- Keys that sign access tokens. A row never changes: the newest whose sign_time has come signs, and a key is published from its
-- making until a day after another took over.
CREATE TABLE signing_key (
  kid text PRIMARY KEY,
  -- base64url, as in a JWK.
  public_key text NOT NULL,
  sealed_private_key bytea NOT NULL,
  sign_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL
);

-- Opens an account unless the address has one; true if it did. The other way writes a row, too: whether an address is known must not
-- show in how long a sign-up takes.
CREATE FUNCTION create_account(call jsonb, new_id uuid, new_email text, new_email_key text, new_password_hash text, new_roles text[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  found_id uuid;
BEGIN
  INSERT INTO account (id, email, email_key, password_hash, roles, create_time)
    VALUES (new_id, new_email, new_email_key, new_password_hash, new_roles, kit.at(call))
    ON CONFLICT (email_key) DO UPDATE SET email_key = account.email_key
    RETURNING id INTO found_id;
  IF found_id <> new_id THEN RETURN false; END IF;
  PERFORM kit.emit(call, 'moa.auth.v1.AccountCreated', new_id::text, 1, jsonb_build_object('accountId', new_id));
  RETURN true;
END $$;

-- Gives an account a role or takes it away, and says so if that changed anything.
CREATE FUNCTION set_role(call jsonb, target uuid, wanted text, present boolean) RETURNS account LANGUAGE plpgsql AS $$
DECLARE
  found_account account;
BEGIN
  SELECT * INTO found_account FROM account WHERE id = target FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'ACCOUNT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF (wanted = ANY (found_account.roles)) = present THEN RETURN found_account; END IF;
  UPDATE account SET version = version + 1, roles = CASE WHEN present THEN array_append(roles, wanted) ELSE array_remove(roles, wanted) END
    WHERE id = target RETURNING * INTO found_account;
  PERFORM kit.emit(call, 'moa.auth.v1.RoleChanged', target::text, found_account.version, jsonb_build_object(
    'accountId', target, 'roles', (SELECT jsonb_agg('ROLE_' || role) FROM unnest(found_account.roles) AS role)));
  RETURN found_account;
END $$;

-- The same for an admin's request. Its answer leaves the password's hash out.
CREATE FUNCTION change_role(call jsonb, target uuid, wanted text, present boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  changed account;
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;
  changed := set_role(call, target, wanted, present);
  RETURN kit.answer(call, jsonb_build_object(
    'id', changed.id, 'email', changed.email, 'roles', changed.roles, 'state', changed.state, 'createTime', kit.timestamp(changed.create_time)));
END $$;

-- Ends a session, once.
CREATE FUNCTION end_session(call jsonb, target uuid, reason text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ended session;
  account_version bigint;
BEGIN
  UPDATE session SET end_time = kit.at(call), end_reason = reason, version = version + 1 WHERE id = target AND end_time IS NULL RETURNING * INTO ended;
  IF NOT FOUND THEN RETURN; END IF;
  -- Events of one account have one line of versions.
  UPDATE account SET version = version + 1 WHERE id = ended.account_id RETURNING version INTO account_version;
  PERFORM kit.emit(call, 'moa.auth.v1.SessionRevoked', ended.account_id::text, account_version,
    jsonb_build_object('accountId', ended.account_id, 'sessionId', ended.id));
END $$;

-- Spends a refresh token: the row's lock puts all who come with the same one in line. The first makes the next generation; who comes
-- again within the grace is given that same one; who comes later has a stolen token, or was stolen from, and the session ends.
-- Nothing is raised, since the end of a session must last. REFUSED says no more to a thief than to anybody.
CREATE FUNCTION refresh_session(call jsonb, target uuid, presented integer, presented_hash bytea, grace interval, sliding interval)
RETURNS TABLE (outcome text, account_id uuid, roles text[], generation integer, version bigint, expire_time timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  held session;
  owner account;
BEGIN
  SELECT * INTO held FROM session WHERE id = target FOR NO KEY UPDATE;
  IF NOT FOUND OR held.secret_hash <> presented_hash OR held.end_time IS NOT NULL OR held.expire_time <= kit.at(call) OR presented > held.generation THEN
    RETURN QUERY SELECT 'REFUSED', NULL::uuid, NULL::text[], NULL::integer, NULL::bigint, NULL::timestamptz;
    RETURN;
  END IF;
  IF presented < held.generation - 1 OR (presented = held.generation - 1 AND kit.at(call) > held.rotate_time + grace) THEN
    PERFORM end_session(call, target, 'TOKEN_REUSED');
    RETURN QUERY SELECT 'REUSED', NULL::uuid, NULL::text[], NULL::integer, NULL::bigint, NULL::timestamptz;
    RETURN;
  END IF;
  SELECT * INTO owner FROM account WHERE id = held.account_id AND state = 'ACTIVE';
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'REFUSED', NULL::uuid, NULL::text[], NULL::integer, NULL::bigint, NULL::timestamptz;
    RETURN;
  END IF;
  IF presented = held.generation THEN
    UPDATE session SET generation = held.generation + 1, rotate_time = kit.at(call), expire_time = LEAST(kit.at(call) + sliding, held.last_expire_time)
      WHERE id = target RETURNING * INTO held;
  END IF;
  RETURN QUERY SELECT 'REFRESHED', owner.id, owner.roles, held.generation, held.version, held.expire_time;
END $$;

-- The first key signs at once: nobody holds an older one. Copies that start together agree on one of theirs.
CREATE FUNCTION add_first_signing_key(call jsonb, new_kid text, new_public_key text, new_sealed_private_key bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO signing_key (kid, public_key, sealed_private_key, sign_time, create_time)
    SELECT new_kid, new_public_key, new_sealed_private_key, kit.at(call), kit.at(call) WHERE NOT EXISTS (SELECT FROM signing_key);
END $$;

-- A later key is published first, and signs when every verifier has had the time to fetch it.
CREATE FUNCTION rotate_signing_key(call jsonb, new_kid text, new_public_key text, new_sealed_private_key bytea, delay interval) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;
  LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO signing_key (kid, public_key, sealed_private_key, sign_time, create_time)
    VALUES (new_kid, new_public_key, new_sealed_private_key, kit.at(call) + delay, kit.at(call));
  RETURN kit.answer(call, jsonb_build_object('kid', new_kid, 'publicKey', new_public_key));
END $$;
