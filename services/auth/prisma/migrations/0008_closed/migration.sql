-- An account whose person has gone.
ALTER TABLE account DROP CONSTRAINT account_state_check, ADD CONSTRAINT account_state_check CHECK (state IN ('ACTIVE', 'SUSPENDED', 'CLOSED'));
ALTER TABLE session DROP CONSTRAINT session_end_reason_check, ADD CONSTRAINT session_end_reason_check
  CHECK (end_reason IN ('SIGNED_OUT', 'TOKEN_REUSED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'SUSPENDED', 'CLOSED'));

-- Nothing is left that says who it was, and nobody comes in any more. Once.
CREATE FUNCTION close_account(call jsonb, target uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET state = 'CLOSED', email = NULL, email_key = NULL, password_hash = NULL, email_verify_time = NULL, roles = '{USER}', version = version + 1
    WHERE id = target AND state <> 'CLOSED';
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM end_sessions(call, target, NULL, 'CLOSED');
  UPDATE session SET device = '' WHERE account_id = target;
  DELETE FROM identity WHERE account_id = target;
  DELETE FROM oauth_flow WHERE account_id = target;
  DELETE FROM one_time_token WHERE account_id = target;
  DELETE FROM totp WHERE account_id = target;
END $$;
