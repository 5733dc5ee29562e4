-- What sellers say of their stock, and products as they are listed and searched.

-- The variant as its seller is answered.
CREATE FUNCTION stock_answer(v variant, currency text) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT to_jsonb(v) || jsonb_build_object('currency', currency) $$;

-- So many pieces are on the shelf, or so many have come or gone. Of the two, one is null.
CREATE FUNCTION set_stock(call jsonb, what uuid, pieces integer, delta integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  most CONSTANT integer := 1000000;
  v variant;
  p record;
  next integer;
  before integer;
BEGIN
  IF NOT kit.claim(call) THEN RETURN kit.first_answer(call); END IF;
  SELECT * INTO v FROM variant WHERE id = what FOR NO KEY UPDATE;
  SELECT state, currency INTO p FROM product WHERE id = v.product_id AND seller_id = (call->>'caller')::uuid;
  IF NOT FOUND THEN RAISE 'VARIANT_NOT_FOUND' USING ERRCODE = 'MOA01'; END IF;
  IF p.state = 'REMOVED' THEN RAISE 'PRODUCT_REMOVED' USING ERRCODE = 'MOA01'; END IF;
  next := coalesce(pieces, v.on_hand + delta);
  IF next < v.reserved THEN
    RAISE 'STOCK_RESERVED' USING ERRCODE = 'MOA01', DETAIL = json_build_object('variantId', what, 'onHand', v.on_hand, 'reserved', v.reserved);
  END IF;
  IF next > most THEN RAISE 'STOCK_TOO_LARGE' USING ERRCODE = 'MOA01', DETAIL = json_build_object('variantId', what, 'limit', most); END IF;
  before := v.on_hand - v.reserved;
  UPDATE variant SET on_hand = next WHERE id = what RETURNING * INTO v;
  PERFORM tell_stock(call, v, before, counted => true);
  RETURN kit.answer(call, stock_answer(v, p.currency));
END $$;

-- A product as lists show it. The price is that of the cheapest variant that is for sale.
CREATE VIEW product_summary AS
  SELECT p.id AS product_id, p.seller_id, p.state, p.title, p.category, coalesce(p.image_urls[1], '') AS image_url, p.currency, cheapest.price_minor,
         cheapest.compare_at_minor, every.price_from, every.in_stock, p.sold_count, p.publish_time, p.create_time
    FROM product p
    CROSS JOIN LATERAL (SELECT v.price_minor, v.compare_at_minor FROM variant v WHERE v.product_id = p.id
      ORDER BY v.disabled, v.price_minor, v.position LIMIT 1) AS cheapest
    CROSS JOIN LATERAL (SELECT coalesce(min(v.price_minor) < max(v.price_minor), false) AS price_from, coalesce(bool_or(v.on_hand > v.reserved), false) AS in_stock
      FROM variant v WHERE v.product_id = p.id AND NOT v.disabled) AS every;

-- What is on sale, one row each: a page of a list touches no variant, and the product's own row has no index for every order of the lists.
CREATE TABLE product_listing (
  product_id uuid PRIMARY KEY REFERENCES product,
  seller_id uuid NOT NULL,
  title text NOT NULL,
  category text NOT NULL,
  image_url text NOT NULL,
  currency text NOT NULL,
  price_minor bigint NOT NULL,
  compare_at_minor bigint,
  price_from boolean NOT NULL,
  in_stock boolean NOT NULL,
  sold_count bigint NOT NULL,
  -- As exact as the page token that names it.
  publish_time timestamptz(3) NOT NULL
);
-- Each order of each list; what else is filtered is read from the index, too.
CREATE INDEX product_listing_newest ON product_listing (currency, publish_time, product_id) INCLUDE (price_minor, in_stock);
CREATE INDEX product_listing_price ON product_listing (currency, price_minor, product_id) INCLUDE (in_stock);
CREATE INDEX product_listing_popular ON product_listing (currency, sold_count, product_id) INCLUDE (price_minor, in_stock);
CREATE INDEX product_listing_category_newest ON product_listing (currency, category, publish_time, product_id) INCLUDE (price_minor, in_stock);
CREATE INDEX product_listing_category_price ON product_listing (currency, category, price_minor, product_id) INCLUDE (in_stock);
CREATE INDEX product_listing_category_popular ON product_listing (currency, category, sold_count, product_id) INCLUDE (price_minor, in_stock);
CREATE INDEX product_listing_seller ON product_listing (seller_id, publish_time, product_id);

-- Every change of a product or its variants is another version of the product, and comes here.
CREATE FUNCTION keep_listing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'ON_SALE' THEN
    DELETE FROM product_listing WHERE product_id = NEW.id;
    RETURN NULL;
  END IF;
  INSERT INTO product_listing AS known
    SELECT product_id, seller_id, title, category, image_url, currency, price_minor, compare_at_minor, price_from, in_stock, sold_count, publish_time
      FROM product_summary WHERE product_id = NEW.id
    ON CONFLICT (product_id) DO UPDATE SET title = excluded.title, category = excluded.category, image_url = excluded.image_url,
      price_minor = excluded.price_minor, compare_at_minor = excluded.compare_at_minor, price_from = excluded.price_from,
      in_stock = excluded.in_stock, sold_count = excluded.sold_count
    WHERE known IS DISTINCT FROM excluded;
  RETURN NULL;
END $$;
CREATE TRIGGER listing_of_product AFTER UPDATE OF version, sold_count ON product FOR EACH ROW EXECUTE FUNCTION keep_listing();

-- Titles as they are searched: by every letter, and every two that stand together, so that a part of a Korean word finds them. As in funding,
-- whose migration 0004 says why.

-- In one form, whatever keyboard and case: what looks alike is alike. The C locale knows the case of ASCII only.
CREATE FUNCTION title_form(title text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT translate(lower(normalize(title, NFC)),
    'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ',
    'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżž')
$$;

-- Every letter, and every two that stand together.
CREATE FUNCTION title_grams(form text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT substr(form, start, size)), '{}')
    FROM generate_series(1, length(form)) AS start, generate_series(1, 2) AS size WHERE start + size <= length(form) + 1
$$;

-- Those that a title has to have: every two letters, or the only one.
CREATE FUNCTION searched_grams(form text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN length(form) = 1 THEN ARRAY[form] ELSE ARRAY(SELECT DISTINCT substr(form, start, 2) FROM generate_series(1, length(form) - 1) AS start) END
$$;

CREATE TABLE product_title (
  product_id uuid PRIMARY KEY,
  form text NOT NULL,
  grams text[] NOT NULL
);
CREATE INDEX product_title_grams ON product_title USING gin (grams);

CREATE FUNCTION keep_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO product_title VALUES (NEW.id, title_form(NEW.title), title_grams(title_form(NEW.title)))
    ON CONFLICT (product_id) DO UPDATE SET form = excluded.form, grams = excluded.grams;
  RETURN NULL;
END $$;
CREATE TRIGGER title_of_new_product AFTER INSERT ON product FOR EACH ROW EXECUTE FUNCTION keep_title();
CREATE TRIGGER title_of_changed_product AFTER UPDATE OF title ON product FOR EACH ROW WHEN (OLD.title <> NEW.title) EXECUTE FUNCTION keep_title();

-- Adds sales to the products that they are of, a batch at a time, and gives how many there were. Another copy takes others meanwhile.
CREATE FUNCTION count_sales(batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  positions bigint[] := ARRAY(SELECT position FROM sale ORDER BY position LIMIT batch FOR UPDATE SKIP LOCKED);
  sold record;
BEGIN
  FOR sold IN
    WITH taken AS (DELETE FROM sale WHERE position = ANY (positions) RETURNING product_id, pieces)
    SELECT product_id, sum(pieces) AS pieces FROM taken GROUP BY product_id ORDER BY product_id
  LOOP
    UPDATE product SET sold_count = sold_count + sold.pieces WHERE id = sold.product_id;
  END LOOP;
  RETURN cardinality(positions);
END $$;
