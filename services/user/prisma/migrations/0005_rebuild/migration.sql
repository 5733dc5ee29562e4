-- My Page's copies made anew: beside those in use, in a schema of their own with the same names, so that what writes the one writes the other. A
-- change of a copy's table is made here, too.
CREATE SCHEMA rebuild;
CREATE UNLOGGED TABLE rebuild.project_copy (LIKE public.project_copy INCLUDING ALL);
CREATE UNLOGGED TABLE rebuild.pledge_copy (LIKE public.pledge_copy INCLUDING ALL);
CREATE UNLOGGED TABLE rebuild.order_copy (LIKE public.order_copy INCLUDING ALL);
CREATE UNLOGGED TABLE rebuild.coupon_copy (LIKE public.coupon_copy INCLUDING ALL);
CREATE UNLOGGED TABLE rebuild.review_right (LIKE public.review_right INCLUDING ALL);

CREATE TABLE my_page_rebuild (
  id uuid PRIMARY KEY,
  step text NOT NULL DEFAULT 'STREAMS' CHECK (step IN ('STREAMS', 'OWNERS', 'DONE')),
  event_count bigint NOT NULL DEFAULT 0,
  owned_count bigint NOT NULL DEFAULT 0,
  changed_count bigint NOT NULL DEFAULT 0,
  removed_count bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  -- Whose turn it is until then; after that another begins again.
  lease_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL,
  end_time timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX my_page_rebuild_running ON my_page_rebuild ((true)) WHERE step <> 'DONE';

-- Puts right what differs, row by row, and in nobody's way: what an event wrote meanwhile has a higher version, or is younger than the rebuild.
CREATE FUNCTION apply_rebuild(began timestamptz, OUT changed bigint, OUT removed bigint) LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  changed := 0;
  removed := 0;
  INSERT INTO public.project_copy AS c SELECT * FROM rebuild.project_copy
    ON CONFLICT (id) DO UPDATE SET title = excluded.title, version = excluded.version WHERE excluded.version >= c.version AND c.title <> excluded.title;
  GET DIAGNOSTICS n = ROW_COUNT; changed := changed + n;

  DELETE FROM public.pledge_copy c WHERE c.create_time < began AND NOT EXISTS (SELECT FROM rebuild.pledge_copy s WHERE s.id = c.id);
  GET DIAGNOSTICS n = ROW_COUNT; removed := removed + n;
  INSERT INTO public.pledge_copy AS c SELECT * FROM rebuild.pledge_copy
    ON CONFLICT (id) DO UPDATE SET project_id = excluded.project_id, backer_id = excluded.backer_id, state = excluded.state, currency = excluded.currency,
      total_minor = excluded.total_minor, version = excluded.version, create_time = excluded.create_time
      WHERE excluded.version >= c.version AND (c.project_id, c.backer_id, c.state, c.currency, c.total_minor, c.version, c.create_time)
        IS DISTINCT FROM (excluded.project_id, excluded.backer_id, excluded.state, excluded.currency, excluded.total_minor, excluded.version, excluded.create_time);
  GET DIAGNOSTICS n = ROW_COUNT; changed := changed + n;

  DELETE FROM public.order_copy c WHERE c.create_time < began AND NOT EXISTS (SELECT FROM rebuild.order_copy s WHERE s.id = c.id);
  GET DIAGNOSTICS n = ROW_COUNT; removed := removed + n;
  INSERT INTO public.order_copy AS c SELECT * FROM rebuild.order_copy
    ON CONFLICT (id) DO UPDATE SET buyer_id = excluded.buyer_id, name = excluded.name, state = excluded.state, currency = excluded.currency,
      total_minor = excluded.total_minor, refunded_minor = excluded.refunded_minor, version = excluded.version, create_time = excluded.create_time
      WHERE excluded.version >= c.version AND (c.buyer_id, c.name, c.state, c.currency, c.total_minor, c.refunded_minor, c.version, c.create_time)
        IS DISTINCT FROM (excluded.buyer_id, excluded.name, excluded.state, excluded.currency, excluded.total_minor, excluded.refunded_minor,
          excluded.version, excluded.create_time);
  GET DIAGNOSTICS n = ROW_COUNT; changed := changed + n;

  DELETE FROM public.coupon_copy c WHERE c.issue_time < began AND NOT EXISTS (SELECT FROM rebuild.coupon_copy s WHERE s.id = c.id);
  GET DIAGNOSTICS n = ROW_COUNT; removed := removed + n;
  INSERT INTO public.coupon_copy AS c SELECT * FROM rebuild.coupon_copy
    ON CONFLICT (id) DO UPDATE SET owner_id = excluded.owner_id, campaign_id = excluded.campaign_id, name = excluded.name, state = excluded.state,
      version = excluded.version, issue_time = excluded.issue_time, expire_time = excluded.expire_time
      WHERE excluded.version >= c.version AND (c.owner_id, c.campaign_id, c.name, c.state, c.version, c.issue_time, c.expire_time)
        IS DISTINCT FROM (excluded.owner_id, excluded.campaign_id, excluded.name, excluded.state, excluded.version, excluded.issue_time, excluded.expire_time);
  GET DIAGNOSTICS n = ROW_COUNT; changed := changed + n;

  DELETE FROM public.review_right c WHERE c.since < began AND NOT c.given_back AND NOT EXISTS (SELECT FROM rebuild.review_right s WHERE s.subject_id = c.subject_id);
  GET DIAGNOSTICS n = ROW_COUNT; removed := removed + n;
  INSERT INTO public.review_right AS c SELECT * FROM rebuild.review_right
    ON CONFLICT (subject_id) DO UPDATE SET account_id = excluded.account_id, kind = excluded.kind, item_id = excluded.item_id, title = excluded.title,
      given_back = excluded.given_back, version = excluded.version
      WHERE excluded.version >= c.version AND (c.account_id, c.kind, c.item_id, c.title, c.given_back)
        IS DISTINCT FROM (excluded.account_id, excluded.kind, excluded.item_id, excluded.title, excluded.given_back);
  GET DIAGNOSTICS n = ROW_COUNT; changed := changed + n;
END $$;
