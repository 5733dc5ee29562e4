-- What staff, and the house itself, changed about who may come in: written in the transaction of the change, and append only.
CREATE TABLE audit_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- An account; 'service:<name>' for what an event of a service led to, 'system' for what came due by itself.
  actor text NOT NULL,
  action text NOT NULL CHECK (action IN ('GRANT_ROLE', 'REVOKE_ROLE', 'SUSPEND_ACCOUNT', 'REINSTATE_ACCOUNT', 'ROTATE_SIGNING_KEY',
    'CREATE_PARTNER_CLIENT', 'UPDATE_PARTNER_CLIENT', 'ROTATE_PARTNER_SECRET', 'SUSPEND_PARTNER_CLIENT', 'REINSTATE_PARTNER_CLIENT')),
  -- An account, a partner's client, or a key.
  subject text NOT NULL,
  reason text NOT NULL,
  -- Texts by name. No secrets, no personal data: nobody can take them out again.
  facts jsonb NOT NULL,
  request_id uuid,
  create_time timestamptz NOT NULL
);
CREATE INDEX audit_entry_newest ON audit_entry (create_time DESC, id DESC);
CREATE INDEX audit_entry_subject ON audit_entry (subject, create_time DESC, id DESC);
CREATE INDEX audit_entry_actor ON audit_entry (actor, create_time DESC, id DESC);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'the audit trail is append only: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry EXECUTE FUNCTION refuse_change();
-- Rights as well as the trigger: the service's role may read and add. It does not own the table, so it can take neither back.
DO $$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT DISTINCT a.grantee::regrole AS role FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = 'audit_entry'::regclass AND a.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM %s', granted.role);
  END LOOP;
END $$;

-- Writes down who did what, in the transaction that does it.
CREATE FUNCTION audit(call jsonb, actor text, action text, subject text, reason text, facts jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO audit_entry (actor, action, subject, reason, facts, request_id, create_time)
    VALUES (actor, action, subject, reason, facts, (call->>'request')::uuid, kit.at(call))
$$;

-- Programs of partners. All tokens of a client are of one session, which is another after each suspension.
CREATE TABLE partner_client (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  scopes text[] NOT NULL,
  rate_class text NOT NULL CHECK (rate_class IN ('LOW', 'STANDARD', 'HIGH')),
  state text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED')),
  -- SHA-256. A secret is 256 random bits: there is nothing to guess that a slow hash would make dear.
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  old_secret_hash bytea CHECK (length(old_secret_hash) = 32),
  old_secret_expire_time timestamptz,
  session_id uuid NOT NULL UNIQUE,
  -- Goes into its tokens: a higher one makes the earlier stale.
  session_version bigint NOT NULL,
  version bigint NOT NULL,
  last_use_time timestamptz,
  create_time timestamptz NOT NULL,
  CHECK ((old_secret_hash IS NULL) = (old_secret_expire_time IS NULL))
);

-- Few among many.
CREATE INDEX account_admin ON account (id) WHERE 'ADMIN' = ANY (roles);

-- Refuses to take the last admin who can act away. All of them are held: of two who take one another away at once, the second waits and
-- sees what the first did.
CREATE FUNCTION check_admin_remains(target uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM account WHERE 'ADMIN' = ANY (roles) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM account WHERE 'ADMIN' = ANY (roles) AND state = 'ACTIVE' HAVING count(*) = 1 AND bool_and(id = target);
  IF FOUND THEN RAISE 'LAST_ADMIN' USING ERRCODE = 'MOA01'; END IF;
END $$;

-- An account as answers hold it: without the password's hash.
CREATE FUNCTION account_json(shown account) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', shown.id, 'email', shown.email, 'emailVerifyTime', kit.timestamp(shown.email_verify_time),
    'roles', shown.roles, 'state', shown.state, 'createTime', kit.timestamp(shown.create_time))
$$;

-- As before, and the audit trail tells of it.
DROP FUNCTION change_role(jsonb, uuid, text, boolean);
DROP FUNCTION set_role(jsonb, uuid, text, boolean);
CREATE FUNCTION set_role(call jsonb, actor text, target uuid, wanted text, present boolean, why text) RETURNS account LANGUAGE plpgsql AS $$
DECLARE
  found_account account;
BEGIN
  IF wanted = 'ADMIN' AND NOT present THEN PERFORM check_admin_remains(target); END IF;
  SELECT * INTO found_account FROM account WHERE id = target FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'ACCOUNT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF (wanted = ANY (found_account.roles)) = present THEN RETURN found_account; END IF;
  UPDATE account SET version = version + 1, roles = CASE WHEN present THEN array_append(roles, wanted) ELSE array_remove(roles, wanted) END
    WHERE id = target RETURNING * INTO found_account;
  PERFORM kit.emit(call, 'moa.auth.v1.RoleChanged', target::text, found_account.version, jsonb_build_object(
    'accountId', target, 'roles', (SELECT jsonb_agg('ROLE_' || role) FROM unnest(found_account.roles) AS role)));
  IF NOT present THEN PERFORM renew_sessions(call, target); END IF;
  PERFORM audit(call, actor, CASE WHEN present THEN 'GRANT_ROLE' ELSE 'REVOKE_ROLE' END, target::text, why, jsonb_build_object('role', wanted));
  RETURN found_account;
END $$;

-- The same for an admin's request.
CREATE FUNCTION change_role(call jsonb, target uuid, wanted text, present boolean, why text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;
  RETURN kit.answer(call, account_json(set_role(call, call->>'caller', target, wanted, present, why)));
END $$;

-- Suspends an account, whose sessions end with it, or lets it come in again. What it is already is no change.
CREATE FUNCTION change_account_state(call jsonb, target uuid, new_state text, why text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  changed account;
  suspends boolean := new_state = 'SUSPENDED';
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;
  IF suspends THEN PERFORM check_admin_remains(target); END IF;
  SELECT * INTO changed FROM account WHERE id = target FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE 'ACCOUNT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF changed.state = new_state THEN RETURN kit.answer(call, account_json(changed)); END IF;
  UPDATE account SET state = new_state, version = version + 1 WHERE id = target RETURNING * INTO changed;
  PERFORM kit.emit(call, CASE WHEN suspends THEN 'moa.auth.v1.AccountSuspended' ELSE 'moa.auth.v1.AccountReinstated' END,
    target::text, changed.version, jsonb_build_object('accountId', target));
  IF suspends THEN PERFORM end_sessions(call, target, NULL, 'SUSPENDED'); END IF;
  PERFORM audit(call, call->>'caller', CASE WHEN suspends THEN 'SUSPEND_ACCOUNT' ELSE 'REINSTATE_ACCOUNT' END, target::text, why, '{}');
  RETURN kit.answer(call, account_json(changed));
END $$;

-- Adds a key that signs later, and says so. Who calls it holds the table.
CREATE FUNCTION add_signing_key(call jsonb, actor text, new_kid text, new_public_key text, new_sealed_private_key bytea, delay interval)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO signing_key (kid, public_key, sealed_private_key, sign_time, create_time)
    VALUES (new_kid, new_public_key, new_sealed_private_key, kit.at(call) + delay, kit.at(call));
  PERFORM audit(call, actor, 'ROTATE_SIGNING_KEY', new_kid, '', jsonb_build_object('signTime', kit.timestamp(kit.at(call) + delay)));
END $$;

-- As before, and the audit trail tells of it.
CREATE OR REPLACE FUNCTION rotate_signing_key(call jsonb, new_kid text, new_public_key text, new_sealed_private_key bytea, delay interval) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;
  LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE;
  PERFORM add_signing_key(call, call->>'caller', new_kid, new_public_key, new_sealed_private_key, delay);
  RETURN kit.answer(call, jsonb_build_object('kid', new_kid, 'publicKey', new_public_key));
END $$;

-- Adds the next key once the newest has come of age; true if it did. Of copies that come at once one does.
CREATE FUNCTION rotate_old_signing_key(call jsonb, new_kid text, new_public_key text, new_sealed_private_key bytea, delay interval, max_age interval)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE;
  PERFORM FROM signing_key WHERE create_time > kit.at(call) - max_age;
  IF FOUND THEN RETURN false; END IF;
  PERFORM add_signing_key(call, 'system', new_kid, new_public_key, new_sealed_private_key, delay);
  RETURN true;
END $$;
