-- What the shop sells, and how many of it there are.
CREATE TABLE product (
  id uuid PRIMARY KEY,
  seller_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'DRAFT' CHECK (state IN ('DRAFT', 'ON_SALE', 'PAUSED', 'REMOVED')),
  title text NOT NULL,
  description text NOT NULL,
  category text NOT NULL,
  image_urls text[] NOT NULL DEFAULT '{}',
  -- [{"name", "values"}]
  options jsonb NOT NULL DEFAULT '[]',
  currency text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  -- Pieces sold and not given back, as of the last run of the job that counts sales.
  sold_count bigint NOT NULL DEFAULT 0,
  create_time timestamptz NOT NULL,
  -- When it was first on sale.
  publish_time timestamptz
);
CREATE INDEX product_seller ON product (seller_id, id);

CREATE TABLE variant (
  id uuid PRIMARY KEY,
  product_id uuid NOT NULL REFERENCES product,
  position integer NOT NULL,
  sku text NOT NULL DEFAULT '',
  option_values text[] NOT NULL DEFAULT '{}',
  price_minor bigint NOT NULL CHECK (price_minor > 0),
  compare_at_minor bigint CHECK (compare_at_minor > price_minor),
  disabled boolean NOT NULL DEFAULT false,
  -- All pieces on the shelf, those that orders hold included.
  on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
  reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  CHECK (reserved <= on_hand),
  UNIQUE (product_id, option_values),
  UNIQUE (product_id, position)
);

-- Pieces sold, or given back where they are negative, that no product's sold_count has in it yet. Only ever appended to: a product that
-- everybody buys would be one row that everybody waits for.
CREATE TABLE sale (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id uuid NOT NULL,
  pieces integer NOT NULL
);

-- What an order holds of a variant. Owned by the order: only what ends the order gives it back, and expire_time is when that is due.
CREATE TABLE reservation (
  order_id uuid NOT NULL,
  variant_id uuid NOT NULL REFERENCES variant,
  quantity integer NOT NULL CHECK (quantity > 0),
  state text NOT NULL DEFAULT 'HELD' CHECK (state IN ('HELD', 'COMMITTED', 'RELEASED')),
  -- Pieces of a committed one that have come back.
  returned integer NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND quantity),
  expire_time timestamptz NOT NULL,
  PRIMARY KEY (order_id, variant_id)
);
CREATE INDEX reservation_variant ON reservation (variant_id) WHERE state = 'HELD';

-- Locks are taken in one order, so that nobody waits in a circle: the request, the order, variants by id, products by id.

-- Tells that a variant was sold out by a change, or can be bought again. `before` is what could be bought before it.
CREATE FUNCTION tell_stock(call jsonb, v variant, before integer, counted boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  available integer := v.on_hand - v.reserved;
  p record;
  body jsonb;
BEGIN
  IF NOT counted AND (before > 0) = (available > 0) THEN RETURN; END IF;
  -- Its row is locked, so that events of a product have an order and a version of their own.
  UPDATE product SET version = version + 1 WHERE id = v.product_id RETURNING seller_id, state, version INTO p;
  body := jsonb_build_object('productId', v.product_id, 'variantId', v.id, 'sellerId', p.seller_id, 'available', available);
  PERFORM kit.emit(call, 'moa.purchase.v1.StockChanged', v.product_id::text, p.version, body);
  -- Nobody waits for what is not for sale.
  IF before <= 0 AND available > 0 AND p.state = 'ON_SALE' AND NOT v.disabled THEN
    PERFORM kit.emit(call, 'moa.purchase.v1.VariantBackInStock', v.product_id::text, p.version, body);
  END IF;
END $$;

-- Holds so many of each variant for an order, all or none.
CREATE FUNCTION reserve_stock(call jsonb, for_order uuid, variant_ids uuid[], quantities integer[], until timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  wanted record;
  sold_out record;
BEGIN
  FOR wanted IN SELECT * FROM unnest(variant_ids, quantities) AS w (id, quantity) ORDER BY id LOOP
    UPDATE variant v SET reserved = v.reserved + wanted.quantity WHERE v.id = wanted.id AND v.on_hand - v.reserved >= wanted.quantity;
    IF NOT FOUND THEN
      RAISE 'OUT_OF_STOCK' USING ERRCODE = 'MOA01', DETAIL = json_build_object('variantId', wanted.id, 'available', coalesce((
        SELECT v.on_hand - v.reserved FROM variant v WHERE v.id = wanted.id), 0));
    END IF;
    INSERT INTO reservation (order_id, variant_id, quantity, expire_time) VALUES (for_order, wanted.id, wanted.quantity, until);
  END LOOP;
  FOR sold_out IN SELECT v, r.quantity FROM reservation r JOIN variant v ON v.id = r.variant_id
    WHERE r.order_id = for_order AND v.on_hand = v.reserved ORDER BY v.product_id, v.id LOOP
    PERFORM tell_stock(call, sold_out.v, sold_out.quantity);
  END LOOP;
END $$;

-- Nobody else moves the variants of an order until the transaction ends.
CREATE FUNCTION lock_variants(of_order uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM variant v JOIN reservation r ON r.variant_id = v.id WHERE r.order_id = of_order ORDER BY v.id FOR NO KEY UPDATE OF v;
END $$;

-- What the order holds is sold. Once: what is committed or released already stays so.
CREATE FUNCTION commit_stock(of_order uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held record;
BEGIN
  PERFORM lock_variants(of_order);
  FOR held IN UPDATE reservation r SET state = 'COMMITTED' WHERE r.order_id = of_order AND r.state = 'HELD' RETURNING r.variant_id, r.quantity LOOP
    WITH sold AS (
      UPDATE variant v SET on_hand = v.on_hand - held.quantity, reserved = v.reserved - held.quantity WHERE v.id = held.variant_id RETURNING v.product_id
    ) INSERT INTO sale (product_id, pieces) SELECT sold.product_id, held.quantity FROM sold;
  END LOOP;
END $$;

-- What the order holds can be bought by others. Once.
CREATE FUNCTION release_stock(call jsonb, of_order uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  given record;
BEGIN
  PERFORM lock_variants(of_order);
  FOR given IN
    WITH released AS (
      UPDATE reservation r SET state = 'RELEASED' WHERE r.order_id = of_order AND r.state = 'HELD' RETURNING r.variant_id, r.quantity
    ), back AS (
      UPDATE variant v SET reserved = v.reserved - released.quantity FROM released WHERE v.id = released.variant_id RETURNING v, released.quantity
    ) SELECT back.v, back.quantity FROM back ORDER BY (back.v).product_id, (back.v).id
  LOOP
    PERFORM tell_stock(call, given.v, (given.v).on_hand - (given.v).reserved - given.quantity);
  END LOOP;
END $$;

-- Pieces that an order has bought are on the shelf again. Never more than it bought. Whoever gives back several variants in one transaction
-- has them all locked by the first.
CREATE FUNCTION restock(call jsonb, of_order uuid, what uuid, pieces integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  given variant;
BEGIN
  PERFORM lock_variants(of_order);
  PERFORM FROM product p WHERE p.id IN (SELECT v.product_id FROM reservation r JOIN variant v ON v.id = r.variant_id WHERE r.order_id = of_order)
    ORDER BY p.id FOR NO KEY UPDATE;
  UPDATE reservation r SET returned = r.returned + pieces WHERE r.order_id = of_order AND r.variant_id = what AND r.state = 'COMMITTED';
  IF NOT FOUND THEN RAISE 'order % has not bought %', of_order, what; END IF;
  UPDATE variant v SET on_hand = v.on_hand + pieces WHERE v.id = what RETURNING v.* INTO given;
  INSERT INTO sale (product_id, pieces) VALUES (given.product_id, -pieces);
  PERFORM tell_stock(call, given, given.on_hand - given.reserved - pieces);
END $$;
