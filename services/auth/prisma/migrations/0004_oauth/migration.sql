-- Who somebody is to another issuer (OpenID Connect): issuer and subject, and nothing else. Addresses change hands.
CREATE TABLE identity (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account,
  issuer text NOT NULL,
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  -- What the configuration called the issuer, for people to know it by.
  provider text NOT NULL,
  create_time timestamptz NOT NULL,
  UNIQUE (issuer, subject)
);
CREATE INDEX identity_account ON identity (account_id, id);

-- A browser that is on its way to a provider and back. The state comes back in a URL, which others may see or make up; the flow token never
-- leaves the page that started, so that nobody can be made to finish somebody else's flow. Taken by deleting it: it has one end.
CREATE TABLE oauth_flow (
  state_hash bytea PRIMARY KEY CHECK (length(state_hash) = 32),
  flow_token_hash bytea NOT NULL CHECK (length(flow_token_hash) = 32),
  provider text NOT NULL,
  redirect_uri text NOT NULL,
  nonce text NOT NULL,
  -- Of PKCE: who reads the table can still not spend a code that he saw.
  sealed_code_verifier bytea NOT NULL,
  -- The account that the identity is to be linked to. Null: it signs in.
  account_id uuid REFERENCES account,
  expire_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX oauth_flow_expire_time ON oauth_flow (expire_time);

-- Puts all in line who come with one identity, also while it has no row that could be locked.
CREATE FUNCTION lock_identity(its_issuer text, its_subject text) RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock(hashtextextended(jsonb_build_array(its_issuer, its_subject)::text, 0))
$$;

-- The account of an identity; a new identity opens a new account. An address is verified by its provider, and never leads to an account.
CREATE FUNCTION admit_identity(call jsonb, its_issuer text, its_subject text, its_provider text, new_id uuid, new_account_id uuid, new_email text,
  new_email_key text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  found_account_id uuid;
BEGIN
  PERFORM lock_identity(its_issuer, its_subject);
  SELECT account_id INTO found_account_id FROM identity WHERE issuer = its_issuer AND subject = its_subject;
  IF FOUND THEN RETURN found_account_id; END IF;
  INSERT INTO account (id, email, email_key, email_verify_time, roles, create_time)
    VALUES (new_account_id, new_email, new_email_key, CASE WHEN new_email IS NOT NULL THEN kit.at(call) END, ARRAY['USER'], kit.at(call))
    ON CONFLICT (email_key) DO NOTHING;
  IF NOT FOUND THEN RAISE 'EMAIL_IN_USE' USING ERRCODE = 'MOA01'; END IF;
  INSERT INTO identity (id, account_id, issuer, subject, provider, create_time)
    VALUES (new_id, new_account_id, its_issuer, its_subject, its_provider, kit.at(call));
  PERFORM kit.emit(call, 'moa.auth.v1.AccountCreated', new_account_id::text, 1, jsonb_build_object('accountId', new_account_id));
  RETURN new_account_id;
END $$;

-- Links an identity to an account, and tells its owner. One that is linked to it already stays, and nobody is told.
CREATE FUNCTION link_identity(call jsonb, owner uuid, its_issuer text, its_subject text, its_provider text, new_id uuid,
  linked_mail jsonb) RETURNS identity LANGUAGE plpgsql AS $$
DECLARE
  linked identity;
BEGIN
  PERFORM lock_identity(its_issuer, its_subject);
  SELECT * INTO linked FROM identity WHERE issuer = its_issuer AND subject = its_subject;
  IF linked.account_id <> owner THEN RAISE 'IDENTITY_IN_USE' USING ERRCODE = 'MOA01'; END IF;
  IF FOUND THEN RETURN linked; END IF;
  INSERT INTO identity (id, account_id, issuer, subject, provider, create_time)
    VALUES (new_id, owner, its_issuer, its_subject, its_provider, kit.at(call)) RETURNING * INTO linked;
  PERFORM queue_mail(call, linked_mail);
  RETURN linked;
END $$;

-- Takes an identity off its account, and tells its owner. The account's lock keeps two at once from taking the last two.
CREATE FUNCTION unlink_identity(call jsonb, owner uuid, target uuid, unlinked_mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  holder account;
BEGIN
  SELECT * INTO holder FROM account WHERE id = owner FOR NO KEY UPDATE;
  DELETE FROM identity WHERE id = target AND account_id = owner;
  IF NOT FOUND THEN RAISE 'IDENTITY_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF holder.password_hash IS NULL AND NOT EXISTS (SELECT FROM identity WHERE account_id = owner) THEN
    RAISE 'LAST_SIGN_IN_METHOD' USING ERRCODE = 'MOA01';
  END IF;
  PERFORM queue_mail(call, unlinked_mail);
END $$;
