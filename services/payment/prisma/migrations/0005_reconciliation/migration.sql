-- Reconciliation: what ledger, provider and pledges say of the same money, side by side. What the others say is copied in page by page,
-- and compared here, so that memory stays flat however much there is.

CREATE TABLE reconciliation (
  id uuid PRIMARY KEY,
  -- Null for the daily one.
  requester_id uuid,
  -- How often everything was looked at, and of how many times.
  looks integer NOT NULL DEFAULT 0,
  ledger_count bigint NOT NULL DEFAULT 0,
  provider_count bigint NOT NULL DEFAULT 0,
  pledge_count bigint NOT NULL DEFAULT 0,
  -- Nobody takes it before this: a lease while somebody is at work on it, a pause between two looks.
  due_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  create_time timestamptz NOT NULL,
  end_time timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX reconciliation_running ON reconciliation ((true)) WHERE end_time IS NULL;

-- What the provider's books say, a line each; what went back is negative.
CREATE TABLE seen_movement (
  reconciliation_id uuid NOT NULL REFERENCES reconciliation,
  position integer NOT NULL,
  charge_id text NOT NULL,
  -- Null when none of our payments stands for the charge.
  payment_id uuid,
  currency text NOT NULL,
  amount_minor bigint NOT NULL,
  fee_minor bigint NOT NULL,
  PRIMARY KEY (reconciliation_id, position)
);
CREATE INDEX seen_movement_by_charge ON seen_movement (reconciliation_id, charge_id);
CREATE INDEX seen_movement_by_payment ON seen_movement (reconciliation_id, payment_id);

-- What funding says that we should hold.
CREATE TABLE seen_pledge (
  reconciliation_id uuid NOT NULL REFERENCES reconciliation,
  pledge_id uuid NOT NULL,
  currency text NOT NULL,
  held_minor bigint NOT NULL,
  PRIMARY KEY (reconciliation_id, pledge_id)
);

CREATE TABLE discrepancy (
  reconciliation_id uuid NOT NULL REFERENCES reconciliation,
  kind text NOT NULL,
  -- What it is about: a payment, a pledge, or a charge of the provider's.
  subject text NOT NULL,
  -- How many looks in a row have seen it.
  looks integer NOT NULL DEFAULT 1,
  payment_id uuid,
  pledge_id uuid,
  provider_charge_id text,
  currency text NOT NULL,
  ledger_minor bigint,
  provider_minor bigint,
  pledge_minor bigint,
  PRIMARY KEY (reconciliation_id, kind, subject)
);

-- Begins a look anew: what one that was cut short has copied is dropped.
CREATE FUNCTION begin_look(run uuid) RETURNS void LANGUAGE sql AS $$
  DELETE FROM seen_movement WHERE reconciliation_id = run;
  DELETE FROM seen_pledge WHERE reconciliation_id = run;
$$;

-- Copies lines of the provider's books: [{"position", "chargeId", "paymentId", "currency", "amountMinor", "feeMinor"}]. A line that only
-- names its charge belongs to the charge's payment.
CREATE FUNCTION note_movements(run uuid, movements jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO seen_movement (reconciliation_id, position, charge_id, payment_id, currency, amount_minor, fee_minor)
    SELECT run, m.position, m."chargeId", (SELECT id FROM payment WHERE id = m."paymentId"), m.currency, m."amountMinor", m."feeMinor"
      FROM jsonb_to_recordset(movements) AS m(position integer, "chargeId" text, "paymentId" uuid, currency text, "amountMinor" bigint, "feeMinor" bigint);
  UPDATE seen_movement SET payment_id = charge.payment_id
    FROM seen_movement charge
   WHERE seen_movement.reconciliation_id = run AND seen_movement.payment_id IS NULL AND seen_movement.position IN (
           SELECT (m->>'position')::integer FROM jsonb_array_elements(movements) AS m)
     AND charge.reconciliation_id = run AND charge.charge_id = seen_movement.charge_id AND charge.payment_id IS NOT NULL;
$$;

-- Copies what funding says: [{"id", "currency", "heldMinor"}].
CREATE FUNCTION note_pledges(run uuid, pledges jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO seen_pledge (reconciliation_id, pledge_id, currency, held_minor)
    SELECT run, p.id, p.currency, p."heldMinor" FROM jsonb_to_recordset(pledges) AS p(id uuid, currency text, "heldMinor" bigint)
$$;

-- Writes down a difference, or that one more look has seen it.
CREATE FUNCTION note_discrepancy(
  run uuid, kind text, subject text, payment_id uuid, pledge_id uuid, charge_id text, currency text, ledger_minor bigint, provider_minor bigint, pledge_minor bigint
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO discrepancy AS d (reconciliation_id, kind, subject, payment_id, pledge_id, provider_charge_id, currency, ledger_minor, provider_minor, pledge_minor)
    VALUES (run, kind, subject, payment_id, pledge_id, charge_id, currency, ledger_minor, provider_minor, pledge_minor)
    ON CONFLICT (reconciliation_id, kind, subject) DO UPDATE SET looks = d.looks + 1, ledger_minor = excluded.ledger_minor,
      provider_minor = excluded.provider_minor, pledge_minor = excluded.pledge_minor
$$;

-- What the ledger says of a payment: taken in, given back, and what the provider kept.
CREATE FUNCTION ledger_of(target uuid, OUT charged bigint, OUT returned bigint, OUT fee bigint) LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_CLEARING' AND e.amount_minor > 0), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_CLEARING' AND e.amount_minor < 0), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
   WHERE t.business_key IN ('charge:' || target, 'cancel:' || target)
$$;

-- Compares the next payments with the ledger, the provider and their pledges. Gives the last one's id; null after the last page.
CREATE FUNCTION compare_payments(run uuid, after uuid, count integer) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  own record;
  last uuid;
BEGIN
  FOR own IN
    SELECT p.id, p.pledge_id, p.state, p.currency::text AS currency, l.*, a.*, s.currency AS pledge_currency, s.held_minor
      FROM (SELECT * FROM payment WHERE id > after ORDER BY id LIMIT count) AS p
     CROSS JOIN LATERAL ledger_of(p.id) AS l
     CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE amount_minor > 0) AS at_charges, min(charge_id) AS at_charge, min(m.currency) AS at_currency,
              coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0)::bigint AS at_charged,
              coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0)::bigint AS at_returned, coalesce(sum(fee_minor), 0)::bigint AS at_fee
         FROM seen_movement m WHERE m.reconciliation_id = run AND m.payment_id = p.id) AS a
      LEFT JOIN seen_pledge s ON s.reconciliation_id = run AND s.pledge_id = p.pledge_id
     ORDER BY p.id
  LOOP
    last := own.id;
    PERFORM note_discrepancy(run, kind, own.id::text, own.id, own.pledge_id, own.at_charge, own.currency, ledger_minor, provider_minor, NULL)
      FROM (VALUES
        ('CHARGE_MISSING_IN_LEDGER', own.charged = 0 AND own.at_charged > own.at_returned, NULL, own.at_charged),
        ('CHARGE_MISSING_AT_PROVIDER', own.charged > 0 AND own.at_charges = 0, own.charged, NULL),
        ('CHARGED_TWICE', own.charged > 0 AND own.at_charges > 1 AND own.at_charged - own.at_returned > own.charged - own.returned, own.charged, own.at_charged),
        ('CHARGE_AMOUNT_DIFFERS', own.charged > 0 AND own.at_charges = 1 AND (own.at_charged <> own.charged OR own.at_currency <> own.currency), own.charged, own.at_charged),
        ('FEE_DIFFERS', own.charged > 0 AND own.at_charges = 1 AND own.at_charged = own.charged AND own.at_returned = own.returned AND own.at_fee <> own.fee, own.fee, own.at_fee),
        ('RETURN_MISSING_IN_LEDGER', own.charged > 0 AND own.at_charges = 1 AND own.at_returned > own.returned, own.returned, own.at_returned),
        ('RETURN_MISSING_AT_PROVIDER', own.charged > 0 AND own.at_charges = 1 AND own.at_returned < own.returned, own.returned, own.at_returned),
        ('PAYMENT_STATE_DIFFERS', (own.state = 'COMPLETED') <> (own.charged > own.returned), own.charged - own.returned, NULL::bigint)
      ) AS differs(kind, applies, ledger_minor, provider_minor) WHERE applies;
    PERFORM note_discrepancy(run, kind, own.pledge_id::text, own.id, own.pledge_id, own.at_charge, own.currency, own.charged - own.returned, NULL, own.held_minor)
      FROM (VALUES
        ('PLEDGE_NOT_PAID', own.charged > own.returned AND coalesce(own.held_minor, 0) = 0),
        ('PLEDGE_WITHOUT_MONEY', own.charged = own.returned AND own.held_minor > 0),
        ('PLEDGE_AMOUNT_DIFFERS', own.charged > own.returned AND own.held_minor > 0
           AND (own.held_minor <> own.charged - own.returned OR own.pledge_currency <> own.currency))
      ) AS differs(kind, applies) WHERE applies;
  END LOOP;
  RETURN last;
END $$;

-- What no payment stands for: charges of the provider's, and pledges. Then the look is over; the last one keeps what every look has seen.
CREATE FUNCTION end_look(call jsonb, run uuid, looks_in_all integer, pause_ms integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_discrepancy(run, 'CHARGE_UNKNOWN', charge_id, NULL, NULL, charge_id, min(currency), NULL, sum(amount_minor)::bigint, NULL)
    FROM seen_movement WHERE reconciliation_id = run AND payment_id IS NULL GROUP BY charge_id HAVING sum(amount_minor) > 0;
  PERFORM note_discrepancy(run, 'PLEDGE_WITHOUT_MONEY', pledge_id::text, NULL, pledge_id, NULL, currency, NULL, NULL, held_minor)
    FROM seen_pledge s WHERE reconciliation_id = run AND held_minor > 0 AND NOT EXISTS (SELECT FROM payment p WHERE p.pledge_id = s.pledge_id);
  UPDATE reconciliation r SET looks = r.looks + 1, due_time = clock_timestamp() + pause_ms * interval '1 millisecond',
      end_time = CASE WHEN r.looks + 1 = looks_in_all THEN kit.at(call) END,
      ledger_count = (SELECT count(*) FROM ledger_transaction WHERE kind = 'CHARGE'),
      provider_count = (SELECT count(*) FROM seen_movement WHERE reconciliation_id = run AND amount_minor > 0),
      pledge_count = (SELECT count(*) FROM seen_pledge WHERE reconciliation_id = run)
    WHERE id = run;
  -- Money on its way is seen once.
  DELETE FROM discrepancy d USING reconciliation r WHERE r.id = run AND d.reconciliation_id = run AND d.looks < r.looks;
  PERFORM begin_look(run);
END $$;

-- Starts one, unless one runs: that one then.
CREATE FUNCTION start_reconciliation(call jsonb, new_id uuid, requester uuid) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reconciliation (id, requester_id, create_time) VALUES (new_id, requester, kit.at(call)) ON CONFLICT ((true)) WHERE end_time IS NULL DO NOTHING;
  RETURN (SELECT id FROM reconciliation WHERE end_time IS NULL OR id = new_id ORDER BY id DESC LIMIT 1);
END $$;

-- Takes the one that runs, if it is due, for as long as the lease.
CREATE FUNCTION claim_reconciliation(lease_ms integer) RETURNS uuid LANGUAGE sql AS $$
  WITH due AS (SELECT id FROM reconciliation WHERE end_time IS NULL AND due_time <= clock_timestamp() FOR UPDATE SKIP LOCKED)
  UPDATE reconciliation r SET due_time = clock_timestamp() + lease_ms * interval '1 millisecond' FROM due WHERE r.id = due.id RETURNING r.id
$$;
