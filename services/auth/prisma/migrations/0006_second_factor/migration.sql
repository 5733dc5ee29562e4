-- Second factors. The secret is sealed; it counts once a first code has been shown.
CREATE TABLE totp (
  account_id uuid PRIMARY KEY REFERENCES account,
  sealed_secret bytea NOT NULL,
  confirm_time timestamptz,
  -- The 30-second step of the last code that was taken: no code counts twice (RFC 6238, 5.2).
  last_step bigint NOT NULL DEFAULT 0,
  -- Wrong codes since the last right one. Past a few, each makes the next wait longer: kept here and not in Redis, since six digits are
  -- guessed in no time where nobody counts.
  failures integer NOT NULL DEFAULT 0,
  next_try_time timestamptz,
  create_time timestamptz NOT NULL
);

-- Codes for who has lost the app, each good once. Of 80 random bits each, so that a plain hash is enough.
CREATE TABLE recovery_code (
  account_id uuid NOT NULL REFERENCES totp ON DELETE CASCADE,
  code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
  PRIMARY KEY (account_id, code_hash)
);

-- What is handed out to be brought back once, soon: by its hash, since the token itself opens something.
CREATE TABLE one_time_token (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  kind text NOT NULL CHECK (kind IN ('SECOND_FACTOR', 'VERIFY_EMAIL', 'RESET_PASSWORD')),
  account_id uuid NOT NULL REFERENCES account,
  tries integer NOT NULL DEFAULT 0,
  expire_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX one_time_token_account ON one_time_token (account_id, kind);
CREATE INDEX one_time_token_expire_time ON one_time_token (expire_time);

-- Counts a try before its outcome is known, so that many at once are no way around. Gives how long to wait instead, if that is to be.
CREATE FUNCTION try_second_factor(call jsonb, owner uuid, free_tries integer, first_delay interval, longest_delay interval)
RETURNS interval LANGUAGE plpgsql AS $$
DECLARE
  held totp;
BEGIN
  SELECT * INTO held FROM totp WHERE account_id = owner FOR NO KEY UPDATE;
  IF held.next_try_time > kit.at(call) THEN RETURN held.next_try_time - kit.at(call); END IF;
  UPDATE totp SET failures = held.failures + 1, next_try_time = CASE WHEN held.failures + 1 >= free_tries
    THEN kit.at(call) + LEAST(first_delay * 2 ^ LEAST(held.failures + 1 - free_tries, 20), longest_delay) END WHERE account_id = owner;
  RETURN NULL;
END $$;

-- Takes the code of a step, unless that or a later one was taken before.
CREATE FUNCTION take_totp_step(call jsonb, owner uuid, step bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE totp SET last_step = step, failures = 0, next_try_time = NULL WHERE account_id = owner AND last_step < step;
  RETURN FOUND;
END $$;

-- Takes a recovery code, once.
CREATE FUNCTION take_recovery_code(call jsonb, owner uuid, hash bytea) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM recovery_code WHERE account_id = owner AND code_hash = hash;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE totp SET failures = 0, next_try_time = NULL WHERE account_id = owner;
  RETURN true;
END $$;

-- Makes a secret that waits for its first code. One that counts already stays.
CREATE FUNCTION enroll_totp(call jsonb, owner uuid, sealed bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO totp (account_id, sealed_secret, create_time) VALUES (owner, sealed, kit.at(call))
    ON CONFLICT (account_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, create_time = excluded.create_time WHERE totp.confirm_time IS NULL;
  IF NOT FOUND THEN RAISE 'SECOND_FACTOR_ENROLLED' USING ERRCODE = 'MOA01'; END IF;
END $$;

-- Turns a second factor on, for the account and the session that showed the first code.
CREATE FUNCTION confirm_totp(call jsonb, owner uuid, current_session uuid, step bigint, recovery_hashes bytea[], added_mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE totp SET confirm_time = kit.at(call), last_step = step, failures = 0, next_try_time = NULL
    WHERE account_id = owner AND confirm_time IS NULL;
  IF NOT FOUND THEN RAISE 'SECOND_FACTOR_ENROLLED' USING ERRCODE = 'MOA01'; END IF;
  PERFORM replace_recovery_codes(owner, recovery_hashes);
  UPDATE session SET has_second_factor = true, auth_time = kit.at(call) WHERE id = current_session;
  PERFORM queue_mail(call, added_mail);
END $$;

CREATE FUNCTION replace_recovery_codes(owner uuid, hashes bytea[]) RETURNS void LANGUAGE sql AS $$
  DELETE FROM recovery_code WHERE account_id = owner;
  INSERT INTO recovery_code (account_id, code_hash) SELECT owner, unnest(hashes);
$$;

-- Turns a second factor off; no session has passed one any more.
CREATE FUNCTION disable_totp(call jsonb, owner uuid, removed_mail jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  holder account;
BEGIN
  SELECT * INTO holder FROM account WHERE id = owner FOR NO KEY UPDATE;
  IF holder.roles && ARRAY['ADMIN', 'COMPLIANCE'] THEN RAISE 'SECOND_FACTOR_STAYS' USING ERRCODE = 'MOA01'; END IF;
  DELETE FROM totp WHERE account_id = owner;
  IF NOT FOUND THEN RAISE 'NO_SECOND_FACTOR' USING ERRCODE = 'MOA01'; END IF;
  UPDATE session SET has_second_factor = false WHERE account_id = owner;
  PERFORM queue_mail(call, removed_mail);
END $$;

-- Hands out a token; those of the kind that were handed out before are good for nothing any more.
CREATE FUNCTION hand_out_token(call jsonb, owner uuid, new_kind text, hash bytea, good_for interval) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM one_time_token WHERE account_id = owner AND kind = new_kind;
  INSERT INTO one_time_token (token_hash, kind, account_id, expire_time, create_time) VALUES (hash, new_kind, owner, kit.at(call) + good_for, kit.at(call));
END $$;
