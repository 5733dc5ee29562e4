-- Mail to be sent. A row stands there from the commit of its cause until the mail is sent, and a mail that stands for none (kind NONE)
-- until the same job discards it.
CREATE TABLE mail (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  -- To whom, and what is secret of the text: personal data and tokens that must not be read in a table.
  sealed_body bytea NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  -- Who tries puts it off to the end of its lease: nobody else tries before.
  next_try_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX mail_next_try_time ON mail (next_try_time);

-- Queues a mail in the transaction of its cause.
CREATE FUNCTION queue_mail(call jsonb, new_id uuid, new_kind text, new_sealed_body bytea) RETURNS void LANGUAGE sql AS $$
  INSERT INTO mail (id, kind, sealed_body, next_try_time, create_time) VALUES (new_id, new_kind, new_sealed_body, kit.at(call), kit.at(call))
$$;

-- Hands out mail that is due, to be sent by one copy at a time: nobody else gets it while the lease lasts.
CREATE FUNCTION lease_mail(call jsonb, batch integer, lease_ms integer) RETURNS SETOF mail LANGUAGE sql AS $$
  UPDATE mail SET tries = tries + 1, next_try_time = kit.at(call) + lease_ms * interval '1 millisecond'
   WHERE id = ANY (ARRAY(SELECT id FROM mail WHERE next_try_time <= kit.at(call) ORDER BY next_try_time LIMIT batch FOR UPDATE SKIP LOCKED))
  RETURNING *
$$;
