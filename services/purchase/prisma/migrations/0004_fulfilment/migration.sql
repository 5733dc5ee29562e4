-- What becomes of an order after it was paid: packed, sent, delivered, completed; or taken back, wholly or in lines.
CREATE INDEX order_line_of_seller ON order_line (seller_id, order_id DESC);
CREATE INDEX order_line_of_seller_in_state ON order_line (seller_id, state, order_id DESC);
CREATE INDEX order_line_on_its_way ON order_line (ship_time) WHERE state = 'SHIPPED';
CREATE INDEX order_line_delivered ON order_line (delivery_time) WHERE state = 'DELIVERED';

-- Buyers want to give lines of one seller back; the seller decides. While it is open, its lines are RETURN_REQUESTED.
CREATE TABLE return_request (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES "order",
  seller_id uuid NOT NULL,
  line_ids uuid[] NOT NULL CHECK (cardinality(line_ids) > 0),
  reason text NOT NULL,
  state text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'APPROVED', 'REJECTED')),
  rejection_reason text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL,
  decide_time timestamptz,
  CHECK ((decide_time IS NULL) = (state = 'OPEN'))
);
CREATE INDEX return_request_of_order ON return_request (order_id, id);
CREATE INDEX return_request_of_seller ON return_request (seller_id, id);
CREATE INDEX return_request_open ON return_request (seller_id, id) WHERE state = 'OPEN';

-- What is to be given back for lines that were taken back: written with that, and brought to payment, points and coupons by a job, in this
-- order, each by the id that stands here. One after the other for an order, as they were written.
CREATE TABLE give_back (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES "order",
  -- 1 for the first of the order.
  number integer NOT NULL,
  line_ids uuid[] NOT NULL CHECK (cardinality(line_ids) > 0),
  reason text NOT NULL,
  currency text NOT NULL,
  paid_minor bigint NOT NULL CHECK (paid_minor >= 0),
  points_minor bigint NOT NULL CHECK (points_minor >= 0),
  -- Of each seller: [{"sellerId", "paid", "platformCoupon", "sellerCoupon", "points"}], amounts as text.
  parts jsonb NOT NULL,
  -- Of each coupon: [{"couponId", "discount"}]
  discounts jsonb NOT NULL,
  -- Nothing of the order is left.
  in_full boolean NOT NULL,
  payment text NOT NULL DEFAULT 'OPEN' CHECK (payment IN ('OPEN', 'DONE')),
  points text NOT NULL CHECK (points IN ('OPEN', 'DONE')),
  coupons text NOT NULL CHECK (coupons IN ('OPEN', 'DONE')),
  last_error text NOT NULL DEFAULT '',
  -- In a row.
  failures integer NOT NULL DEFAULT 0,
  -- From when on it is brought on; a lease while it is. Null: all of it is done.
  due_time timestamptz,
  create_time timestamptz NOT NULL,
  UNIQUE (order_id, number),
  CHECK ((due_time IS NULL) = (payment = 'DONE' AND points = 'DONE' AND coupons = 'DONE'))
);
CREATE INDEX give_back_due ON give_back (due_time) WHERE due_time IS NOT NULL;

-- A step of an order that its caller has locked and looked at:
--   {"state", "ended", "events", "cancelReason"?, "carrier"?, "trackingNumber"?,
--    "lines": [{"id", "from", "to"}], "giveBack"?: {"id", "reason"},
--    "asked"?: {"id", "sellerId", "reason"}, "decided": [{"id", "state", "rejectionReason"}]}
-- Gives the order's new version: one more for each of its events.
CREATE FUNCTION step_order(call jsonb, of_order uuid, step jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(call);
  moved uuid[] := ARRAY(SELECT (m->>'id')::uuid FROM jsonb_array_elements(step->'lines') AS m);
  decision record;
  changed integer;
  o "order";
BEGIN
  UPDATE order_line l SET state = m.to_state,
      carrier = coalesce(step->>'carrier', l.carrier),
      tracking_number = coalesce(step->>'trackingNumber', l.tracking_number),
      ship_time = CASE m.to_state WHEN 'SHIPPED' THEN coalesce(l.ship_time, at) ELSE l.ship_time END,
      delivery_time = CASE m.to_state WHEN 'DELIVERED' THEN coalesce(l.delivery_time, at) ELSE l.delivery_time END,
      complete_time = CASE m.to_state WHEN 'COMPLETED' THEN at ELSE l.complete_time END
    FROM (SELECT (m->>'id')::uuid AS id, m->>'from' AS from_state, m->>'to' AS to_state FROM jsonb_array_elements(step->'lines') AS m) AS m
    WHERE l.id = m.id AND l.order_id = of_order AND l.state = m.from_state;
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> cardinality(moved) OR changed = 0 THEN RAISE 'lines of order % are not where they were', of_order; END IF;

  UPDATE "order" p SET state = step->>'state', version = p.version + (step->>'events')::bigint,
      cancel_reason = coalesce(step->>'cancelReason', p.cancel_reason),
      end_time = CASE WHEN NOT (step->>'ended')::boolean THEN NULL WHEN p.state = step->>'state' THEN p.end_time ELSE at END
    WHERE p.id = of_order RETURNING p.* INTO o;

  IF step ? 'asked' THEN
    INSERT INTO return_request (id, order_id, seller_id, line_ids, reason, create_time)
      VALUES ((step->'asked'->>'id')::uuid, of_order, (step->'asked'->>'sellerId')::uuid, moved, step->'asked'->>'reason', at);
  END IF;
  FOR decision IN SELECT * FROM jsonb_to_recordset(step->'decided') AS d (id uuid, state text, "rejectionReason" text) LOOP
    UPDATE return_request r SET state = decision.state, rejection_reason = decision."rejectionReason", decide_time = at
      WHERE r.id = decision.id AND r.order_id = of_order AND r.state = 'OPEN';
    IF NOT FOUND THEN RAISE 'return request % is not open', decision.id; END IF;
  END LOOP;

  IF step ? 'giveBack' THEN
    PERFORM write_give_back(call, o, (step->'giveBack'->>'id')::uuid, moved, step->'giveBack'->>'reason');
  END IF;
  RETURN o.version;
END $$;

-- Each line's own parts are what comes back, so that all that comes back of an order is what was paid for it, to the last won.
CREATE FUNCTION write_give_back(call jsonb, o "order", new_id uuid, lines uuid[], why text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  whole record;
  per_seller jsonb;
  per_coupon jsonb;
  nothing_left boolean := NOT EXISTS (SELECT FROM order_line l WHERE l.order_id = o.id AND l.state NOT IN ('CANCELED', 'RETURNED'));
BEGIN
  SELECT sum(l.paid_minor)::bigint AS paid, sum(l.points_minor)::bigint AS points INTO whole FROM order_line l WHERE l.id = ANY (lines);
  SELECT jsonb_agg(s ORDER BY s."sellerId") INTO per_seller FROM (
    SELECT l.seller_id AS "sellerId", sum(l.paid_minor)::text AS paid, sum(l.platform_coupon_minor)::text AS "platformCoupon",
        sum(l.seller_coupon_minor)::text AS "sellerCoupon", sum(l.points_minor)::text AS points
      FROM order_line l WHERE l.id = ANY (lines) GROUP BY l.seller_id) AS s;
  SELECT coalesce(jsonb_agg(c ORDER BY c."couponId"), '[]') INTO per_coupon FROM (
    SELECT d.coupon_id AS "couponId", sum(d.discount_minor)::text AS discount FROM line_discount d WHERE d.line_id = ANY (lines) GROUP BY d.coupon_id) AS c;
  INSERT INTO give_back (id, order_id, number, line_ids, reason, currency, paid_minor, points_minor, parts, discounts, in_full, points, coupons,
      due_time, create_time)
    VALUES (new_id, o.id, 1 + (SELECT count(*) FROM give_back g WHERE g.order_id = o.id), lines, why, o.currency, whole.paid, whole.points, per_seller,
      per_coupon, nothing_left, CASE WHEN whole.points > 0 THEN 'OPEN' ELSE 'DONE' END,
      -- A coupon that took nothing off these lines comes back with the last of them.
      CASE WHEN per_coupon <> '[]' OR nothing_left AND o.coupon_ids <> '{}' THEN 'OPEN' ELSE 'DONE' END, kit.at(call), kit.at(call));
END $$;

-- Goods of lines that were taken back are on the shelf again. Called last, since it locks what others want.
CREATE FUNCTION restock_lines(call jsonb, of_order uuid, line_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  goods record;
BEGIN
  FOR goods IN SELECT l.variant_id, l.quantity FROM order_line l WHERE l.order_id = of_order AND l.id = ANY (line_ids) ORDER BY l.variant_id LOOP
    PERFORM restock(call, of_order, goods.variant_id, goods.quantity);
  END LOOP;
END $$;

-- What is due, for as long as the lease lasts; of each order the first that is not done.
CREATE FUNCTION lease_give_backs(call jsonb, most integer, lease interval) RETURNS SETOF give_back LANGUAGE sql AS $$
  UPDATE give_back SET due_time = kit.at(call) + lease WHERE id = ANY (ARRAY(
    SELECT g.id FROM give_back g WHERE g.due_time <= kit.at(call)
        AND NOT EXISTS (SELECT FROM give_back e WHERE e.order_id = g.order_id AND e.number < g.number AND e.due_time IS NOT NULL)
      ORDER BY g.due_time LIMIT most FOR UPDATE SKIP LOCKED)) RETURNING *
$$;

-- A step of it is done.
CREATE FUNCTION end_give_back_step(of_id uuid, step text) RETURNS void LANGUAGE sql AS $$
  UPDATE give_back g SET payment = n.payment, points = n.points, coupons = n.coupons, last_error = '', failures = 0,
      due_time = CASE WHEN ROW (n.payment, n.points, n.coupons) = ROW ('DONE', 'DONE', 'DONE') THEN NULL ELSE g.due_time END
    FROM (SELECT id, CASE step WHEN 'payment' THEN 'DONE' ELSE payment END AS payment, CASE step WHEN 'points' THEN 'DONE' ELSE points END AS points,
      CASE step WHEN 'coupons' THEN 'DONE' ELSE coupons END AS coupons FROM give_back WHERE id = of_id) AS n
    WHERE g.id = n.id
$$;

-- It could not go on, and is tried again: later after each failure.
CREATE FUNCTION note_give_back_failure(call jsonb, of_id uuid, error text, again interval, at_most interval) RETURNS void LANGUAGE sql AS $$
  UPDATE give_back SET failures = failures + 1, last_error = error, due_time = kit.at(call) + least(again * (2 ^ least(failures, 20)), at_most)
    WHERE id = of_id AND due_time IS NOT NULL
$$;

-- Payment says how much of an order has been given back by now; whoever is told first writes it down.
CREATE FUNCTION take_refund(call jsonb, of_order uuid, so_far bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  o "order";
BEGIN
  UPDATE "order" p SET refunded_minor = so_far, version = p.version + 1
    WHERE p.id = of_order AND p.pay_time IS NOT NULL AND p.refunded_minor < so_far RETURNING p.* INTO o;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM kit.emit(call, 'moa.purchase.v1.OrderRefunded', o.id::text, o.version, order_event(o));
END $$;
