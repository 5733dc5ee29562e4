-- What every service keeps beside its own tables: accepted requests, events to publish, events handled. In a schema of its own, so
-- that the service's schema.prisma speaks of nothing but the service.
CREATE SCHEMA kit;

-- Functions are given the call they act for as one JSON object:
--   {"at": RFC 3339, "trace": traceparent, "caller": account, "method": path, "request": request_id, "hash": of the body, hex}
-- An event or a job gives "at" and "trace" only.

-- The time of the call: the one clock's, so that tests and demos can move it.
CREATE FUNCTION kit.at(call jsonb) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT (call->>'at')::timestamptz $$;

-- Requests that were accepted, and the first answer. Kept 30 days.
CREATE TABLE kit.request (
  caller text NOT NULL,
  id uuid NOT NULL,
  method text NOT NULL,
  hash text NOT NULL,
  -- Null while an RPC with a remote call is at work on it.
  answer jsonb,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (caller, id)
);
CREATE INDEX request_create_time ON kit.request (create_time);

-- Claims the call's request: true the first time. A rival waits here for the first to commit, and then gets false.
-- Another body under the same id is refused.
CREATE FUNCTION kit.claim(call jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO kit.request (caller, id, method, hash, create_time)
    VALUES (call->>'caller', (call->>'request')::uuid, call->>'method', call->>'hash', kit.at(call)) ON CONFLICT DO NOTHING;
  IF FOUND THEN RETURN true; END IF;
  PERFORM FROM kit.request r WHERE r.caller = call->>'caller' AND r.id = (call->>'request')::uuid AND r.method = call->>'method' AND r.hash = call->>'hash';
  IF NOT FOUND THEN RAISE 'REQUEST_ID_REUSED' USING ERRCODE = 'MOA01'; END IF;
  RETURN false;
END $$;

-- Remembers the first answer, and gives it back, so that a function can end with RETURN kit.answer(call, ...).
CREATE FUNCTION kit.answer(call jsonb, answer jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  UPDATE kit.request r SET answer = answer.answer WHERE r.caller = call->>'caller' AND r.id = (call->>'request')::uuid;
  RETURN answer.answer;
END $$;

-- The first answer of a request that was claimed before.
CREATE FUNCTION kit.first_answer(call jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT r.answer FROM kit.request r WHERE r.caller = call->>'caller' AND r.id = (call->>'request')::uuid
$$;

-- Claims a request for work with a remote call in it, which no transaction may span: the claim is committed first, for a while.
-- 'mine': go ahead, the first time or after the one who had it went away. 'busy': a rival is at work. 'done': first_answer has it.
CREATE FUNCTION kit.claim_first(call jsonb, lease interval) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF kit.claim(call) THEN RETURN 'mine'; END IF;
  UPDATE kit.request r SET create_time = kit.at(call)
    WHERE r.caller = call->>'caller' AND r.id = (call->>'request')::uuid AND r.answer IS NULL AND r.create_time <= kit.at(call) - lease;
  IF FOUND THEN RETURN 'mine'; END IF;
  RETURN CASE WHEN kit.first_answer(call) IS NULL THEN 'busy' ELSE 'done' END;
END $$;

-- Gives a claim back whose work was refused: the same request may be tried again.
CREATE FUNCTION kit.unclaim(call jsonb) RETURNS void LANGUAGE sql AS $$
  DELETE FROM kit.request r WHERE r.caller = call->>'caller' AND r.id = (call->>'request')::uuid AND r.answer IS NULL
$$;

-- What has happened and is not yet published. The body is ProtoJSON: readable here, protobuf on the wire.
-- A row gets its position while its transaction holds the lock of the thing that changed, so positions of one key follow its commits.
CREATE TABLE kit.outbox (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  type text NOT NULL,
  key text NOT NULL,
  -- Of the thing that changed: a consumer that must not go back compares it.
  version bigint NOT NULL,
  body jsonb NOT NULL,
  trace text,
  create_time timestamptz NOT NULL
);

CREATE FUNCTION kit.emit(call jsonb, type text, key text, version bigint, body jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO kit.outbox (type, key, version, body, trace, create_time) VALUES (type, key, version, body, call->>'trace', kit.at(call));
END $$;

-- A proto Money as JSON.
CREATE FUNCTION kit.money(currency text, amount_minor bigint) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT jsonb_build_object('currencyCode', currency, 'amountMinor', amount_minor::text) $$;

-- A proto Timestamp as JSON.
CREATE FUNCTION kit.timestamp(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- What has been handled, for each consumer. Kept 30 days.
CREATE TABLE kit.inbox (
  consumer text NOT NULL,
  event_id text NOT NULL,
  handle_time timestamptz NOT NULL,
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_handle_time ON kit.inbox (handle_time);

-- What failed, how often, and why. At the fifth failure it is put away here: people look at it, and replay it.
CREATE TABLE kit.failed_event (
  consumer text NOT NULL,
  event_id text NOT NULL,
  subject text NOT NULL,
  headers jsonb NOT NULL,
  payload bytea NOT NULL,
  error text NOT NULL,
  failures integer NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL,
  -- Set when it was put away: nothing tries it any more, until somebody asks for a replay.
  dead_time timestamptz,
  replay boolean NOT NULL DEFAULT false,
  PRIMARY KEY (consumer, event_id)
);

-- How far each consumer has come: everything up to this time has been handled.
CREATE TABLE kit.consumed (
  consumer text NOT NULL,
  stream text NOT NULL,
  event_time timestamptz NOT NULL,
  PRIMARY KEY (consumer, stream)
);
