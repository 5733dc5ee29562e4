-- An account that came by another issuer may have neither address nor password. An address is verified once its owner has shown to read
-- what is sent to it.
ALTER TABLE account
  ALTER COLUMN email DROP NOT NULL,
  ALTER COLUMN email_key DROP NOT NULL,
  ALTER COLUMN password_hash DROP NOT NULL,
  ADD COLUMN email_verify_time timestamptz,
  ADD CHECK ((email IS NULL) = (email_key IS NULL)),
  ADD CHECK (email IS NOT NULL OR (password_hash IS NULL AND email_verify_time IS NULL));

-- What a session is known by to its owner, and when its owner last showed who they are. Staff roles need a second factor.
ALTER TABLE session
  ADD COLUMN device text NOT NULL DEFAULT '',
  ADD COLUMN auth_time timestamptz,
  ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false,
  DROP CONSTRAINT session_end_reason_check,
  ADD CONSTRAINT session_end_reason_check
    CHECK (end_reason IN ('SIGNED_OUT', 'TOKEN_REUSED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'SUSPENDED'));
UPDATE session SET auth_time = create_time;
ALTER TABLE session ALTER COLUMN auth_time SET NOT NULL;

-- Sessions whose access tokens below a version are refused before they expire. Kept a little longer than any token lives.
CREATE TABLE revocation (
  session_id uuid PRIMARY KEY,
  version bigint NOT NULL,
  revoke_time timestamptz NOT NULL
);
CREATE INDEX revocation_revoke_time ON revocation (revoke_time, session_id);

-- Makes a session's tokens below `new_version` good for nothing, everywhere. Events of one account have one line of versions.
CREATE FUNCTION revoke_tokens(call jsonb, account_id uuid, account_version bigint, session_id uuid, new_version bigint) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
  INSERT INTO revocation AS r (session_id, version, revoke_time) VALUES (session_id, new_version, kit.at(call))
    ON CONFLICT ON CONSTRAINT revocation_pkey DO UPDATE SET version = GREATEST(r.version, excluded.version), revoke_time = excluded.revoke_time;
  PERFORM kit.emit(call, 'moa.auth.v1.SessionRevoked', account_id::text, account_version,
    jsonb_build_object('accountId', account_id, 'sessionId', session_id, 'version', new_version::text));
END $$;

-- Ends a session, once.
CREATE OR REPLACE FUNCTION end_session(call jsonb, target uuid, reason text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ended session;
  new_account_version bigint;
BEGIN
  UPDATE session SET end_time = kit.at(call), end_reason = reason, version = version + 1 WHERE id = target AND end_time IS NULL RETURNING * INTO ended;
  IF NOT FOUND THEN RETURN; END IF;
  UPDATE account SET version = version + 1 WHERE id = ended.account_id RETURNING version INTO new_account_version;
  PERFORM revoke_tokens(call, ended.account_id, new_account_version, ended.id, ended.version);
END $$;

-- Ends all sessions of an account, or all but one. Who calls it holds the account's row, so that no other change of it comes between.
CREATE FUNCTION end_sessions(call jsonb, owner uuid, spared uuid, reason text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM end_session(call, s.id, reason) FROM session s
    WHERE s.account_id = owner AND s.end_time IS NULL AND s.id IS DISTINCT FROM spared ORDER BY s.id;
END $$;

-- Makes the access tokens of an account's sessions stale: the next ones say what the account is now.
CREATE FUNCTION renew_sessions(call jsonb, owner uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  stale session;
  new_account_version bigint;
BEGIN
  FOR stale IN UPDATE session SET version = version + 1 WHERE account_id = owner AND end_time IS NULL RETURNING * LOOP
    UPDATE account SET version = version + 1 WHERE id = owner RETURNING version INTO new_account_version;
    PERFORM revoke_tokens(call, owner, new_account_version, stale.id, stale.version);
  END LOOP;
END $$;

-- Gives an account a role or takes it away, and says so if that changed anything. What was taken away is gone from its tokens, too.
CREATE OR REPLACE FUNCTION set_role(call jsonb, target uuid, wanted text, present boolean) RETURNS account LANGUAGE plpgsql AS $$
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
  IF NOT present THEN PERFORM renew_sessions(call, target); END IF;
  RETURN found_account;
END $$;

-- As before, and it says what the session's next token needs to: whether a second factor was passed, and when its owner last showed up.
DROP FUNCTION refresh_session(jsonb, uuid, integer, bytea, interval, interval);
CREATE FUNCTION refresh_session(call jsonb, target uuid, presented integer, presented_hash bytea, grace interval, sliding interval)
RETURNS TABLE (outcome text, account_id uuid, roles text[], generation integer, version bigint, expire_time timestamptz, auth_time timestamptz,
  has_second_factor boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  held session;
  owner account;
BEGIN
  SELECT * INTO held FROM session WHERE id = target FOR NO KEY UPDATE;
  IF NOT FOUND OR held.secret_hash <> presented_hash OR held.end_time IS NOT NULL OR held.expire_time <= kit.at(call) OR presented > held.generation THEN
    RETURN QUERY SELECT 'REFUSED', NULL::uuid, NULL::text[], NULL::integer, NULL::bigint, NULL::timestamptz, NULL::timestamptz, NULL::boolean;
    RETURN;
  END IF;
  IF presented < held.generation - 1 OR (presented = held.generation - 1 AND kit.at(call) > held.rotate_time + grace) THEN
    PERFORM end_session(call, target, 'TOKEN_REUSED');
    RETURN QUERY SELECT 'REUSED', NULL::uuid, NULL::text[], NULL::integer, NULL::bigint, NULL::timestamptz, NULL::timestamptz, NULL::boolean;
    RETURN;
  END IF;
  SELECT * INTO owner FROM account WHERE id = held.account_id AND state = 'ACTIVE';
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'REFUSED', NULL::uuid, NULL::text[], NULL::integer, NULL::bigint, NULL::timestamptz, NULL::timestamptz, NULL::boolean;
    RETURN;
  END IF;
  IF presented = held.generation THEN
    UPDATE session SET generation = held.generation + 1, rotate_time = kit.at(call), expire_time = LEAST(kit.at(call) + sliding, held.last_expire_time)
      WHERE id = target RETURNING * INTO held;
  END IF;
  RETURN QUERY SELECT 'REFRESHED', owner.id, owner.roles, held.generation, held.version, held.expire_time, held.auth_time, held.has_second_factor;
END $$;
