-- When the account was last sent a mail that anybody may ask for: not every minute, or a stranger floods somebody's mailbox.
ALTER TABLE account ADD COLUMN unasked_mail_time timestamptz;

-- The same for functions that are given a mail as {"id": ..., "kind": ..., "body": base64}; none for an account without an address.
CREATE FUNCTION queue_mail(call jsonb, mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF mail IS NULL THEN RETURN; END IF;
  PERFORM queue_mail(call, (mail->>'id')::uuid, mail->>'kind', decode(mail->>'body', 'base64'));
END $$;

-- Takes a token back, once: whose it was, or null.
CREATE FUNCTION spend_token(call jsonb, wanted text, hash bytea) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  owner uuid;
BEGIN
  DELETE FROM one_time_token WHERE token_hash = hash AND kind = wanted AND expire_time > kit.at(call) RETURNING account_id INTO owner;
  RETURN owner;
END $$;

-- Whether an account may be sent a mail that anybody may ask for; if so, it was.
CREATE FUNCTION may_mail(call jsonb, owner uuid, gap interval) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET unasked_mail_time = kit.at(call) WHERE id = owner AND (unasked_mail_time IS NULL OR unasked_mail_time <= kit.at(call) - gap);
  RETURN FOUND;
END $$;

-- Opens an account, and sends its owner a token; to who has one already goes another mail. Either way a row is written and a mail queued:
-- whether an address is known must not show in how long a sign-up takes.
CREATE FUNCTION sign_up(call jsonb, new_id uuid, new_email text, new_email_key text, new_password_hash text, token_hash bytea, good_for interval,
  gap interval, verify_mail jsonb, exists_mail jsonb, no_mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  found_id uuid;
BEGIN
  IF create_account(call, new_id, new_email, new_email_key, new_password_hash, ARRAY['USER']) THEN
    PERFORM hand_out_token(call, new_id, 'VERIFY_EMAIL', token_hash, good_for);
    PERFORM queue_mail(call, verify_mail);
    RETURN;
  END IF;
  SELECT id INTO found_id FROM account WHERE email_key = new_email_key;
  PERFORM queue_mail(call, CASE WHEN exists_mail IS NOT NULL AND may_mail(call, found_id, gap) THEN exists_mail ELSE no_mail END);
END $$;

-- Sends the owner of an address another token, unless it is verified or one was sent just now.
CREATE FUNCTION request_verification(call jsonb, owner uuid, token_hash bytea, good_for interval, gap interval, verify_mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM account WHERE id = owner AND email_verify_time IS NOT NULL) OR NOT may_mail(call, owner, gap) THEN RETURN; END IF;
  PERFORM hand_out_token(call, owner, 'VERIFY_EMAIL', token_hash, good_for);
  PERFORM queue_mail(call, verify_mail);
END $$;

-- Only whoever is signed in to the account may verify its address. Somebody else who owns the address, and did not sign up, is not: they
-- must not make a stranger's account look like theirs.
CREATE FUNCTION verify_email(call jsonb, owner uuid, hash bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM one_time_token WHERE token_hash = hash AND account_id = owner) OR spend_token(call, 'VERIFY_EMAIL', hash) IS NULL THEN
    RAISE 'VERIFICATION_REFUSED' USING ERRCODE = 'MOA01';
  END IF;
  UPDATE account SET email_verify_time = kit.at(call) WHERE id = owner AND email_verify_time IS NULL;
END $$;

-- Sends a token for a new password. For nobody's address the same is done to no end.
CREATE FUNCTION request_password_reset(call jsonb, owner uuid, token_hash bytea, good_for interval, gap interval, reset_mail jsonb, no_mail jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF owner IS NULL OR NOT may_mail(call, owner, gap) THEN
    PERFORM queue_mail(call, no_mail);
    RETURN;
  END IF;
  PERFORM hand_out_token(call, owner, 'RESET_PASSWORD', token_hash, good_for);
  PERFORM queue_mail(call, reset_mail);
END $$;

-- A new password for who has read the mail: the address is theirs, and whoever was signed in before is not any more.
CREATE FUNCTION reset_password(call jsonb, hash bytea, new_password_hash text, changed_mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := spend_token(call, 'RESET_PASSWORD', hash);
BEGIN
  IF owner IS NULL THEN RAISE 'RESET_TOKEN_REFUSED' USING ERRCODE = 'MOA01'; END IF;
  UPDATE account SET password_hash = new_password_hash, email_verify_time = COALESCE(email_verify_time, kit.at(call)) WHERE id = owner;
  DELETE FROM one_time_token WHERE account_id = owner;
  PERFORM end_sessions(call, owner, NULL, 'PASSWORD_RESET');
  PERFORM queue_mail(call, changed_mail);
END $$;

-- Another password; the session that changes it stays, the others end.
CREATE FUNCTION change_password(call jsonb, owner uuid, current_session uuid, new_password_hash text, changed_mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET password_hash = new_password_hash WHERE id = owner;
  DELETE FROM one_time_token WHERE account_id = owner AND kind <> 'VERIFY_EMAIL';
  PERFORM end_sessions(call, owner, current_session, 'PASSWORD_CHANGED');
  PERFORM queue_mail(call, changed_mail);
END $$;

-- Starts a session for who has shown a password that is still the account's, with the roles that it still has. The row's lock makes it wait
-- for whoever changes one of them, or suspends the account: no session slips in between, and no token names what was taken away.
CREATE FUNCTION begin_session(call jsonb, new_id uuid, owner uuid, shown_password_hash text, new_secret_hash bytea, new_device text, passed_second_factor boolean,
  sliding interval, longest interval)
RETURNS TABLE (id uuid, generation integer, version bigint, expire_time timestamptz, auth_time timestamptz, has_second_factor boolean, roles text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  holder account;
BEGIN
  SELECT * INTO holder FROM account WHERE id = owner FOR SHARE;
  IF holder.state <> 'ACTIVE' THEN RAISE 'ACCOUNT_SUSPENDED' USING ERRCODE = 'MOA01'; END IF;
  IF holder.password_hash IS DISTINCT FROM shown_password_hash THEN RAISE 'SIGN_IN_REFUSED' USING ERRCODE = 'MOA01'; END IF;
  RETURN QUERY
    INSERT INTO session AS s (id, account_id, secret_hash, rotate_time, expire_time, last_expire_time, device, auth_time, has_second_factor, create_time)
      VALUES (new_id, owner, new_secret_hash, kit.at(call), kit.at(call) + sliding, kit.at(call) + longest, new_device, kit.at(call), passed_second_factor, kit.at(call))
      RETURNING s.id, s.generation, s.version, s.expire_time, s.auth_time, s.has_second_factor, holder.roles;
END $$;
