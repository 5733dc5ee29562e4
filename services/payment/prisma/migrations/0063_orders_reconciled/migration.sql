-- Orders in the reconciliation: what the purchase service says that we should hold for each, beside the ledger and the provider. And what
-- coupons and points cover is no charge of the provider's.

ALTER TABLE reconciliation ADD COLUMN order_count bigint NOT NULL DEFAULT 0;
ALTER TABLE discrepancy ADD COLUMN order_id uuid, ADD COLUMN order_minor bigint;

-- What purchase says that we should hold.
CREATE TABLE seen_order (
  reconciliation_id uuid NOT NULL REFERENCES reconciliation,
  order_id uuid NOT NULL,
  currency text NOT NULL,
  held_minor bigint NOT NULL,
  PRIMARY KEY (reconciliation_id, order_id)
);

-- As before, with orders.
CREATE OR REPLACE FUNCTION begin_look(run uuid) RETURNS void LANGUAGE sql AS $$
  DELETE FROM seen_movement WHERE reconciliation_id = run;
  DELETE FROM seen_pledge WHERE reconciliation_id = run;
  DELETE FROM seen_order WHERE reconciliation_id = run;
$$;

-- Copies what purchase says: [{"id", "currency", "heldMinor"}].
CREATE FUNCTION note_orders(run uuid, orders jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO seen_order (reconciliation_id, order_id, currency, held_minor)
    SELECT run, o.id, o.currency, o."heldMinor" FROM jsonb_to_recordset(orders) AS o(id uuid, currency text, "heldMinor" bigint)
$$;

-- As before, with the order, and what it says.
DROP FUNCTION note_discrepancy(uuid, text, text, uuid, uuid, text, text, bigint, bigint, bigint);
CREATE FUNCTION note_discrepancy(
  run uuid, kind text, subject text, payment_id uuid, pledge_id uuid, order_id uuid, charge_id text, currency text,
  ledger_minor bigint, provider_minor bigint, pledge_minor bigint, order_minor bigint
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO discrepancy AS d (reconciliation_id, kind, subject, payment_id, pledge_id, order_id, provider_charge_id, currency,
      ledger_minor, provider_minor, pledge_minor, order_minor)
    VALUES (run, kind, subject, payment_id, pledge_id, order_id, charge_id, currency, ledger_minor, provider_minor, pledge_minor, order_minor)
    ON CONFLICT (reconciliation_id, kind, subject) DO UPDATE SET looks = d.looks + 1, ledger_minor = excluded.ledger_minor,
      provider_minor = excluded.provider_minor, pledge_minor = excluded.pledge_minor, order_minor = excluded.order_minor
$$;

-- As before, with what coupons and points still pay for.
DROP FUNCTION ledger_of(uuid);
CREATE FUNCTION ledger_of(target uuid, OUT charged bigint, OUT returned bigint, OUT fee bigint, OUT covered bigint) LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_CLEARING' AND e.amount_minor > 0), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_CLEARING' AND e.amount_minor < 0), 0)::bigint,
         coalesce(-sum(e.amount_minor) FILTER (WHERE e.account = 'PROVIDER_FEE'), 0)::bigint,
         coalesce(sum(e.amount_minor) FILTER (WHERE e.account IN ('COUPON_EXPENSE', 'POINTS_LIABILITY')), 0)::bigint
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
   WHERE t.payment_id = target
$$;

-- As before, with orders. Of these a refund that has begun is on its way: purchase may know of it, or not yet.
CREATE OR REPLACE FUNCTION compare_payments(run uuid, after uuid, count integer) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  own record;
  last uuid;
BEGIN
  FOR own IN
    SELECT p.id, p.pledge_id, p.order_id, p.state, p.currency::text AS currency, l.*, a.*, s.currency AS pledge_currency, s.held_minor,
           o.currency AS order_currency, coalesce(o.held_minor, 0) AS order_held, b.begun,
           p.order_id IS NOT NULL AND p.state IN ('CANCELED', 'EXPIRED') AND b.begun > 0 AS going_back
      FROM (SELECT * FROM payment WHERE id > after ORDER BY id LIMIT count) AS p
     CROSS JOIN LATERAL ledger_of(p.id) AS l
     CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE amount_minor > 0) AS at_charges, min(charge_id) AS at_charge, min(m.currency) AS at_currency,
              coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0)::bigint AS at_charged,
              coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0)::bigint AS at_returned, coalesce(sum(fee_minor), 0)::bigint AS at_fee
         FROM seen_movement m WHERE m.reconciliation_id = run AND m.payment_id = p.id) AS a
     CROSS JOIN LATERAL (SELECT coalesce(sum(r.amount_minor), 0)::bigint AS begun FROM refund r WHERE r.payment_id = p.id AND r.state = 'BEGUN') AS b
      LEFT JOIN seen_pledge s ON s.reconciliation_id = run AND s.pledge_id = p.pledge_id
      LEFT JOIN seen_order o ON o.reconciliation_id = run AND o.order_id = p.order_id
     ORDER BY p.id
  LOOP
    last := own.id;
    PERFORM note_discrepancy(run, kind, own.id::text, own.id, own.pledge_id, own.order_id, own.at_charge, own.currency, ledger_minor, provider_minor, NULL, NULL)
      FROM (VALUES
        ('CHARGE_MISSING_IN_LEDGER', own.charged = 0 AND own.at_charged > own.at_returned, NULL, own.at_charged),
        ('CHARGE_MISSING_AT_PROVIDER', own.charged > 0 AND own.at_charges = 0, own.charged, NULL),
        ('CHARGED_TWICE', own.charged > 0 AND own.at_charges > 1 AND own.at_charged - own.at_returned > own.charged - own.returned, own.charged, own.at_charged),
        ('CHARGE_AMOUNT_DIFFERS', own.charged > 0 AND own.at_charges = 1 AND (own.at_charged <> own.charged OR own.at_currency <> own.currency), own.charged, own.at_charged),
        ('FEE_DIFFERS', own.charged > 0 AND own.at_charges = 1 AND own.at_charged = own.charged AND own.at_returned = own.returned AND own.at_fee <> own.fee, own.fee, own.at_fee),
        ('RETURN_MISSING_IN_LEDGER', own.charged > 0 AND own.at_charges = 1 AND own.at_returned > own.returned, own.returned, own.at_returned),
        ('RETURN_MISSING_AT_PROVIDER', own.charged > 0 AND own.at_charges = 1 AND own.at_returned < own.returned, own.returned, own.at_returned),
        ('PAYMENT_STATE_DIFFERS', NOT own.going_back AND (own.state IN ('COMPLETED', 'APPROVED', 'PARTIALLY_REFUNDED')) <> (own.charged > own.returned OR own.covered > 0),
          own.charged - own.returned, NULL::bigint)
      ) AS differs(kind, applies, ledger_minor, provider_minor) WHERE applies;
    IF own.pledge_id IS NOT NULL THEN
      PERFORM note_discrepancy(run, kind, own.pledge_id::text, own.id, own.pledge_id, NULL, own.at_charge, own.currency, own.charged - own.returned, NULL, own.held_minor, NULL)
        FROM (VALUES
          ('PLEDGE_NOT_PAID', own.charged > own.returned AND coalesce(own.held_minor, 0) = 0),
          ('PLEDGE_WITHOUT_MONEY', own.charged = own.returned AND own.held_minor > 0),
          ('PLEDGE_AMOUNT_DIFFERS', own.charged > own.returned AND own.held_minor > 0
             AND (own.held_minor <> own.charged - own.returned OR own.pledge_currency <> own.currency))
        ) AS differs(kind, applies) WHERE applies;
    ELSE
      PERFORM note_discrepancy(run, kind, own.order_id::text, own.id, NULL, own.order_id, own.at_charge, own.currency, own.charged - own.returned, NULL, NULL, own.order_held)
        FROM (VALUES
          ('ORDER_NOT_PAID', own.charged - own.returned > own.begun AND own.order_held = 0),
          ('ORDER_WITHOUT_MONEY', own.charged = own.returned AND own.order_held > 0),
          ('ORDER_AMOUNT_DIFFERS', own.charged > own.returned AND own.order_held > 0 AND (own.order_currency <> own.currency
             OR own.order_held NOT BETWEEN own.charged - own.returned - own.begun AND own.charged - own.returned))
        ) AS differs(kind, applies) WHERE applies;
    END IF;
  END LOOP;
  RETURN last;
END $$;

-- As before, with orders.
CREATE OR REPLACE FUNCTION end_look(call jsonb, run uuid, looks_in_all integer, pause_ms integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_discrepancy(run, 'CHARGE_UNKNOWN', charge_id, NULL, NULL, NULL, charge_id, min(currency), NULL, sum(amount_minor)::bigint, NULL, NULL)
    FROM seen_movement WHERE reconciliation_id = run AND payment_id IS NULL GROUP BY charge_id HAVING sum(amount_minor) > 0;
  PERFORM note_discrepancy(run, 'PLEDGE_WITHOUT_MONEY', pledge_id::text, NULL, pledge_id, NULL, NULL, currency, NULL, NULL, held_minor, NULL)
    FROM seen_pledge s WHERE reconciliation_id = run AND held_minor > 0 AND NOT EXISTS (SELECT FROM payment p WHERE p.pledge_id = s.pledge_id);
  PERFORM note_discrepancy(run, 'ORDER_WITHOUT_MONEY', order_id::text, NULL, NULL, order_id, NULL, currency, NULL, NULL, NULL, held_minor)
    FROM seen_order s WHERE reconciliation_id = run AND held_minor > 0 AND NOT EXISTS (SELECT FROM payment p WHERE p.order_id = s.order_id);
  UPDATE reconciliation r SET looks = r.looks + 1, due_time = clock_timestamp() + pause_ms * interval '1 millisecond',
      end_time = CASE WHEN r.looks + 1 = looks_in_all THEN kit.at(call) END,
      -- What coupons and points cover stands in the ledger, and not at the provider.
      ledger_count = (SELECT count(*) FROM ledger_transaction WHERE kind = 'CHARGE') - (SELECT count(*) FROM payment WHERE amount_minor = 0),
      provider_count = (SELECT count(*) FROM seen_movement WHERE reconciliation_id = run AND amount_minor > 0),
      pledge_count = (SELECT count(*) FROM seen_pledge WHERE reconciliation_id = run),
      order_count = (SELECT count(*) FROM seen_order WHERE reconciliation_id = run)
    WHERE id = run;
  -- Money on its way is seen once.
  DELETE FROM discrepancy d USING reconciliation r WHERE r.id = run AND d.reconciliation_id = run AND d.looks < r.looks;
  PERFORM begin_look(run);
END $$;
