-- What was bought at once, and the saga that gets it paid.
CREATE TABLE "order" (
  id uuid PRIMARY KEY,
  buyer_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'AWAITING_PAYMENT', 'PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'COMPLETED',
    'CANCELED', 'EXPIRED', 'RETURN_REQUESTED', 'RETURNED')),
  name text NOT NULL,
  currency text NOT NULL,
  items_minor bigint NOT NULL CHECK (items_minor > 0),
  discount_minor bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0),
  points_minor bigint NOT NULL CHECK (points_minor >= 0),
  -- What the buyer pays in money.
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND total_minor),
  coupon_ids uuid[] NOT NULL DEFAULT '{}',
  -- Null once nobody may know it any more.
  address jsonb,
  return_url text NOT NULL,
  checkout_url text,
  cancel_reason text NOT NULL DEFAULT '',
  -- Of the call that placed it. Null once it came to nothing: the same request may then place another.
  request_id uuid,
  -- Everything it needs was held once: from then on its buyer sees it.
  placed boolean NOT NULL DEFAULT false,
  -- The payer's bank took the money back.
  charged_back boolean NOT NULL DEFAULT false,
  version bigint NOT NULL DEFAULT 1,
  expire_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL,
  pay_time timestamptz,
  end_time timestamptz,
  UNIQUE (buyer_id, request_id),
  CHECK (items_minor = discount_minor + points_minor + total_minor)
);
CREATE INDEX order_buyer ON "order" (buyer_id, id DESC) WHERE placed;
CREATE INDEX order_charged ON "order" (id) WHERE pay_time IS NOT NULL;

CREATE TABLE order_line (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES "order",
  position integer NOT NULL,
  product_id uuid NOT NULL REFERENCES product,
  variant_id uuid NOT NULL REFERENCES variant,
  seller_id uuid NOT NULL,
  title text NOT NULL,
  option_values text[] NOT NULL,
  image_url text NOT NULL,
  category text NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  price_minor bigint NOT NULL CHECK (price_minor > 0),
  amount_minor bigint NOT NULL CHECK (amount_minor = price_minor * quantity),
  platform_coupon_minor bigint NOT NULL DEFAULT 0 CHECK (platform_coupon_minor >= 0),
  seller_coupon_minor bigint NOT NULL DEFAULT 0 CHECK (seller_coupon_minor >= 0),
  points_minor bigint NOT NULL DEFAULT 0 CHECK (points_minor >= 0),
  paid_minor bigint NOT NULL CHECK (paid_minor >= 0),
  state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'AWAITING_PAYMENT', 'PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'COMPLETED',
    'CANCELED', 'EXPIRED', 'RETURN_REQUESTED', 'RETURNED')),
  carrier text NOT NULL DEFAULT '',
  tracking_number text NOT NULL DEFAULT '',
  ship_time timestamptz,
  delivery_time timestamptz,
  complete_time timestamptz,
  UNIQUE (order_id, position),
  UNIQUE (order_id, variant_id),
  CHECK (amount_minor = platform_coupon_minor + seller_coupon_minor + points_minor + paid_minor)
);

-- What each coupon takes off each line.
CREATE TABLE line_discount (
  line_id uuid NOT NULL REFERENCES order_line,
  coupon_id uuid NOT NULL,
  payer text NOT NULL CHECK (payer IN ('PLATFORM', 'SELLER')),
  discount_minor bigint NOT NULL CHECK (discount_minor > 0),
  PRIMARY KEY (line_id, coupon_id)
);

-- The saga of an order: stock is held with the order itself, then coupons, points and a payment, each by the order's id, so that each may be
-- asked for again; and undone again.
CREATE TABLE checkout (
  order_id uuid PRIMARY KEY REFERENCES "order",
  state text NOT NULL DEFAULT 'RESERVING' CHECK (state IN ('RESERVING', 'WAITING', 'COMMITTING', 'UNDOING', 'DONE', 'UNDONE', 'STUCK')),
  stock text NOT NULL DEFAULT 'HELD',
  coupons text NOT NULL,
  points text NOT NULL,
  payment text NOT NULL DEFAULT 'OPEN',
  CHECK ('{OPEN, HELD, COMMITTED, UNDONE, NOT_NEEDED}'::text[] @> ARRAY[stock, coupons, points, payment]),
  points_wanted bigint NOT NULL CHECK (points_wanted >= 0),
  -- What it is on its way to: it came to nothing for a reason, or it was paid.
  undo_reason text NOT NULL DEFAULT '',
  last_error text NOT NULL DEFAULT '',
  -- In a row.
  failures integer NOT NULL DEFAULT 0,
  -- When it goes on by itself, if nobody has brought it on until then. Null: it has ended.
  next_time timestamptz,
  resolution text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL
);
CREATE INDEX checkout_due ON checkout (next_time) WHERE next_time IS NOT NULL;
CREATE INDEX checkout_state ON checkout (state, order_id DESC);

-- What every event of an order says.
CREATE FUNCTION order_event(o "order") RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('orderId', o.id, 'buyerId', o.buyer_id, 'state', 'STATE_' || o.state, 'total', kit.money(o.currency, o.total_minor),
    'refunded', kit.money(o.currency, o.refunded_minor))
$$;

-- Holds the stock for an order, and writes it down; gives its id. The same request again gives the same order, as long as that came to something.
CREATE FUNCTION begin_order(call jsonb, o jsonb, lease interval) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := kit.at(call);
  buyer uuid := (call->>'caller')::uuid;
  new_id uuid := (o->>'id')::uuid;
  until timestamptz := (o->>'expireTime')::timestamptz;
  known uuid;
  item record;
  currency text;
  items bigint := 0;
  first_title text;
BEGIN
  SELECT id INTO known FROM "order" WHERE buyer_id = buyer AND request_id = (call->>'request')::uuid;
  IF FOUND THEN
    UPDATE checkout SET next_time = at + lease WHERE order_id = known AND state = 'RESERVING';
    RETURN known;
  END IF;
  FOR item IN
    SELECT w.place, w.id AS wanted, w.quantity, w.price, w.currency AS seen, v.*, p.state, p.seller_id, p.title, p.currency
      FROM unnest(ARRAY(SELECT jsonb_array_elements_text(o->'variantIds')::uuid), ARRAY(SELECT jsonb_array_elements_text(o->'quantities')::integer),
        ARRAY(SELECT jsonb_array_elements_text(o->'prices')::bigint), ARRAY(SELECT jsonb_array_elements_text(o->'currencies')))
        WITH ORDINALITY AS w (id, quantity, price, currency, place)
      LEFT JOIN variant v ON v.id = w.id LEFT JOIN product p ON p.id = v.product_id ORDER BY w.place
  LOOP
    IF item.state IS NULL OR item.state IN ('DRAFT', 'REMOVED') THEN
      RAISE 'PRODUCT_NOT_FOUND' USING ERRCODE = 'MOA01', DETAIL = json_build_object('variantId', item.wanted);
    END IF;
    IF item.state <> 'ON_SALE' OR item.disabled THEN
      RAISE 'PRODUCT_NOT_ON_SALE' USING ERRCODE = 'MOA01', DETAIL = json_build_object('variantId', item.wanted);
    END IF;
    IF item.seller_id = buyer THEN RAISE 'SELF_PURCHASE' USING ERRCODE = 'MOA01'; END IF;
    IF item.price <> item.price_minor OR item.seen <> item.currency THEN
      RAISE 'PRICE_CHANGED' USING ERRCODE = 'MOA01',
        DETAIL = json_build_object('variantId', item.wanted, 'priceMinor', item.price_minor, 'currencyCode', item.currency);
    END IF;
    currency := coalesce(currency, item.currency);
    IF currency <> item.currency THEN RAISE 'CURRENCIES_MIXED' USING ERRCODE = 'MOA01'; END IF;
    items := items + item.price_minor * item.quantity;
    first_title := coalesce(first_title, item.title);
  END LOOP;
  IF items > 1000000000000 THEN RAISE 'ORDER_TOO_LARGE' USING ERRCODE = 'MOA01'; END IF;

  INSERT INTO "order" (id, buyer_id, name, currency, items_minor, points_minor, total_minor, coupon_ids, address, return_url, request_id, expire_time, create_time)
    VALUES (new_id, buyer, left(first_title, 80) || CASE WHEN jsonb_array_length(o->'variantIds') > 1
        THEN ' 외 ' || (jsonb_array_length(o->'variantIds') - 1) || '건' ELSE '' END,
      currency, items, 0, items, ARRAY(SELECT jsonb_array_elements_text(o->'couponIds')::uuid), o->'address', o->>'returnUrl',
      (call->>'request')::uuid, until, at);
  INSERT INTO order_line (id, order_id, position, product_id, variant_id, seller_id, title, option_values, image_url, category, quantity, price_minor,
      amount_minor, paid_minor)
    SELECT w.line_id, new_id, w.place, p.id, v.id, p.seller_id, p.title, v.option_values, coalesce(p.image_urls[1], ''), p.category, w.quantity,
        v.price_minor, v.price_minor * w.quantity, v.price_minor * w.quantity
      FROM unnest(ARRAY(SELECT jsonb_array_elements_text(o->'lineIds')::uuid), ARRAY(SELECT jsonb_array_elements_text(o->'variantIds')::uuid),
        ARRAY(SELECT jsonb_array_elements_text(o->'quantities')::integer)) WITH ORDINALITY AS w (line_id, id, quantity, place)
      JOIN variant v ON v.id = w.id JOIN product p ON p.id = v.product_id;
  INSERT INTO checkout (order_id, coupons, points, points_wanted, next_time, create_time, update_time)
    VALUES (new_id, CASE WHEN jsonb_array_length(o->'couponIds') > 0 THEN 'OPEN' ELSE 'NOT_NEEDED' END,
      CASE WHEN (o->>'points')::bigint > 0 THEN 'OPEN' ELSE 'NOT_NEEDED' END, (o->>'points')::bigint, at + lease, at, at);
  -- Last, since it locks what others want.
  PERFORM reserve_stock(call, new_id, ARRAY(SELECT jsonb_array_elements_text(o->'variantIds')::uuid),
    ARRAY(SELECT jsonb_array_elements_text(o->'quantities')::integer), until);
  RETURN new_id;
EXCEPTION WHEN unique_violation THEN
  -- A rival with the same request was first.
  SELECT id INTO known FROM "order" WHERE buyer_id = buyer AND request_id = (call->>'request')::uuid;
  IF NOT FOUND THEN RAISE; END IF;
  RETURN known;
END $$;

-- Writes what coupons and points take off: of each line, and of the whole. Only while the checkout still gathers what it needs; false when not.
CREATE FUNCTION hold_discounts(of_order uuid, lines jsonb, discounts jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE checkout c SET coupons = replace(c.coupons, 'OPEN', 'HELD'), points = replace(c.points, 'OPEN', 'HELD') WHERE c.order_id = of_order AND c.state = 'RESERVING';
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE order_line l SET platform_coupon_minor = d.platform, seller_coupon_minor = d.seller, points_minor = d.points,
      paid_minor = l.amount_minor - d.platform - d.seller - d.points
    FROM jsonb_to_recordset(lines) AS d (id uuid, platform bigint, seller bigint, points bigint) WHERE l.id = d.id;
  INSERT INTO line_discount SELECT * FROM jsonb_to_recordset(discounts) AS d (line_id uuid, coupon_id uuid, payer text, discount_minor bigint)
    ON CONFLICT DO NOTHING;
  UPDATE "order" o SET discount_minor = s.discount, points_minor = s.points, total_minor = s.paid
    FROM (SELECT sum(platform_coupon_minor + seller_coupon_minor) AS discount, sum(points_minor) AS points, sum(paid_minor) AS paid
      FROM order_line WHERE order_id = of_order) AS s WHERE o.id = of_order;
  RETURN true;
END $$;

-- Ends a checkout of which nothing is left to do.
CREATE FUNCTION finish_checkout(of_order uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE checkout SET state = CASE WHEN undo_reason = '' THEN 'DONE' ELSE 'UNDONE' END, failures = 0, last_error = '', next_time = NULL
    WHERE order_id = of_order AND '{COMMITTED, UNDONE, NOT_NEEDED}'::text[] @> ARRAY[stock, coupons, points, payment]
$$;

-- Everything is held: the buyer may pay. False when it came to nothing meanwhile.
CREATE FUNCTION await_payment(call jsonb, of_order uuid, url text, look_again timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  o "order";
BEGIN
  UPDATE checkout c SET state = 'WAITING', payment = 'HELD', failures = 0, last_error = '', next_time = look_again, update_time = kit.at(call)
    WHERE c.order_id = of_order AND c.state = 'RESERVING';
  IF NOT FOUND THEN RETURN EXISTS (SELECT FROM "order" p WHERE p.id = of_order AND p.placed); END IF;
  UPDATE "order" p SET state = 'AWAITING_PAYMENT', checkout_url = url, placed = true, version = p.version + 1
    WHERE p.id = of_order RETURNING p.* INTO o;
  UPDATE order_line SET state = 'AWAITING_PAYMENT' WHERE order_id = of_order;
  PERFORM kit.emit(call, 'moa.purchase.v1.OrderPlaced', o.id::text, o.version, order_event(o) || jsonb_build_object('name', o.name,
    'lineCount', (SELECT count(*) FROM order_line WHERE order_id = of_order), 'createTime', kit.timestamp(o.create_time)));
  RETURN true;
END $$;

-- It was paid: what is held is taken. 'paid' the first time; 'known' after that; 'late' when it had come to nothing before: then the money goes back.
CREATE FUNCTION pay_order(call jsonb, of_order uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  c checkout;
  o "order";
BEGIN
  SELECT * INTO c FROM checkout WHERE order_id = of_order FOR UPDATE;
  IF NOT FOUND THEN RETURN 'known'; END IF;
  IF c.payment = 'COMMITTED' THEN RETURN 'known'; END IF;
  IF c.undo_reason <> '' THEN
    UPDATE checkout SET state = CASE state WHEN 'STUCK' THEN 'STUCK' ELSE 'UNDOING' END, payment = 'HELD', next_time = kit.at(call) WHERE order_id = of_order;
    RETURN 'late';
  END IF;
  IF c.state = 'RESERVING' AND NOT await_payment(call, of_order, '', kit.at(call)) THEN RAISE 'order % is neither begun nor ended', of_order; END IF;
  PERFORM commit_stock(of_order);
  UPDATE checkout SET stock = 'COMMITTED', payment = 'COMMITTED', state = 'COMMITTING', failures = 0, last_error = '', next_time = kit.at(call),
      update_time = kit.at(call)
    WHERE order_id = of_order;
  PERFORM finish_checkout(of_order);
  UPDATE "order" p SET state = 'PAID', pay_time = kit.at(call), checkout_url = NULL, version = p.version + 1 WHERE p.id = of_order RETURNING p.* INTO o;
  UPDATE order_line SET state = 'PAID' WHERE order_id = of_order;
  PERFORM kit.emit(call, 'moa.purchase.v1.OrderPaid', o.id::text, o.version, order_event(o) || jsonb_build_object('couponIds', o.coupon_ids,
    'pointsMinor', o.points_minor, 'sellerIds', (SELECT jsonb_agg(DISTINCT seller_id) FROM order_line WHERE order_id = of_order)));
  RETURN 'paid';
END $$;

-- It comes to nothing: from here on it is undone. False when it was paid, or is being undone already.
CREATE FUNCTION begin_undo(call jsonb, of_order uuid, reason text, payment_ended boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE checkout c SET state = 'UNDOING', undo_reason = reason, payment = CASE WHEN payment_ended THEN 'UNDONE' ELSE c.payment END,
      failures = 0, next_time = kit.at(call), update_time = kit.at(call)
    WHERE c.order_id = of_order AND c.state IN ('RESERVING', 'WAITING');
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE "order" SET request_id = CASE WHEN placed THEN request_id END WHERE id = of_order;
  RETURN true;
END $$;

-- Nothing can be paid any more: others may have the stock. Once.
CREATE FUNCTION end_unpaid(call jsonb, of_order uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c checkout;
  o "order";
  end_state text;
BEGIN
  SELECT * INTO c FROM checkout WHERE order_id = of_order FOR UPDATE;
  UPDATE checkout SET payment = 'UNDONE', stock = 'UNDONE', update_time = kit.at(call) WHERE order_id = of_order;
  PERFORM finish_checkout(of_order);
  IF c.stock <> 'HELD' THEN RETURN; END IF;
  PERFORM release_stock(call, of_order);
  end_state := CASE c.undo_reason WHEN 'CANCELED_BY_BUYER' THEN 'CANCELED' ELSE 'EXPIRED' END;
  UPDATE "order" p SET state = end_state, end_time = kit.at(call), checkout_url = NULL, address = NULL, version = p.version + 1
    WHERE p.id = of_order RETURNING p.* INTO o;
  UPDATE order_line SET state = end_state WHERE order_id = of_order;
  -- Who never saw it need not hear that it has ended.
  IF NOT o.placed THEN RETURN; END IF;
  PERFORM kit.emit(call, CASE end_state WHEN 'CANCELED' THEN 'moa.purchase.v1.OrderCanceled' ELSE 'moa.purchase.v1.OrderExpired' END, o.id::text,
    o.version, order_event(o) || CASE end_state WHEN 'CANCELED' THEN jsonb_build_object('lineIds', (SELECT jsonb_agg(id) FROM order_line
      WHERE order_id = of_order)) ELSE '{}' END);
END $$;

-- Coupons or points are taken, or given back.
CREATE FUNCTION end_step(call jsonb, of_order uuid, step text, progress text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE checkout SET coupons = CASE step WHEN 'coupons' THEN progress ELSE coupons END, points = CASE step WHEN 'points' THEN progress ELSE points END,
      update_time = kit.at(call)
    WHERE order_id = of_order;
  PERFORM finish_checkout(of_order);
END $$;

-- It could not go on. After too many tries in a row a person has to look; it still goes on by itself.
CREATE FUNCTION note_failure(call jsonb, of_order uuid, error text, most integer, again interval, again_when_stuck interval) RETURNS void LANGUAGE sql AS $$
  UPDATE checkout SET failures = failures + 1, last_error = error, update_time = kit.at(call),
      state = CASE WHEN failures + 1 >= most THEN 'STUCK' ELSE state END,
      next_time = kit.at(call) + CASE WHEN failures + 1 >= most THEN again_when_stuck ELSE again * (failures + 1) END
    WHERE order_id = of_order AND next_time IS NOT NULL
$$;

-- A person has put the rest in order elsewhere.
CREATE FUNCTION resolve_checkout(call jsonb, of_order uuid, said text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c checkout;
BEGIN
  SELECT * INTO c FROM checkout WHERE order_id = of_order FOR UPDATE;
  IF NOT FOUND THEN RAISE 'ORDER_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF c.state <> 'STUCK' THEN RAISE 'CHECKOUT_NOT_STUCK' USING ERRCODE = 'MOA01'; END IF;
  IF c.undo_reason <> '' THEN PERFORM end_unpaid(call, of_order); END IF;
  UPDATE checkout SET state = CASE WHEN c.undo_reason = '' THEN 'DONE' ELSE 'UNDONE' END, next_time = NULL, update_time = kit.at(call),
      resolution = said || coalesce(' [left as they are: ' || nullif(concat_ws(', ',
        CASE WHEN c.undo_reason <> '' AND c.payment = 'HELD' THEN 'payment' END,
        CASE WHEN c.coupons IN ('OPEN', 'HELD') THEN 'coupons' END, CASE WHEN c.points IN ('OPEN', 'HELD') THEN 'points' END), '') || ']', '')
    WHERE order_id = of_order;
END $$;

-- Checkouts whose time has come, for as long as the lease lasts.
CREATE FUNCTION lease_checkouts(call jsonb, most integer, lease interval) RETURNS SETOF checkout LANGUAGE sql AS $$
  UPDATE checkout SET next_time = kit.at(call) + lease WHERE order_id IN (
    SELECT order_id FROM checkout WHERE next_time <= kit.at(call) ORDER BY next_time LIMIT most FOR UPDATE SKIP LOCKED) RETURNING *
$$;
