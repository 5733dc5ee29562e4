-- My Page's copies of what others own, made by events; and where parcels may go.
ALTER TABLE profile
  ADD COLUMN addresses jsonb NOT NULL DEFAULT '[]',
  -- Set when the person has gone: nothing is written there any more.
  ADD COLUMN close_time timestamptz;

CREATE TABLE order_copy (
  id uuid PRIMARY KEY,
  buyer_id uuid NOT NULL,
  -- Empty until the event that placed it has arrived.
  name text NOT NULL,
  state text NOT NULL,
  currency text NOT NULL,
  total_minor bigint NOT NULL,
  refunded_minor bigint NOT NULL,
  version bigint NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX order_copy_buyer ON order_copy (buyer_id, create_time DESC, id DESC);

CREATE TABLE coupon_copy (
  id uuid PRIMARY KEY,
  owner_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  -- Empty until the event that granted it has arrived.
  name text NOT NULL,
  state text NOT NULL,
  version bigint NOT NULL,
  issue_time timestamptz NOT NULL,
  -- Null until the event that granted it has arrived.
  expire_time timestamptz
);
CREATE INDEX coupon_copy_owner ON coupon_copy (owner_id, issue_time DESC, id DESC);
CREATE INDEX coupon_copy_usable ON coupon_copy (owner_id, expire_time) WHERE state = 'ISSUED';

-- What a person got and may review. Of a line of an order, or a pledge.
CREATE TABLE review_right (
  subject_id uuid PRIMARY KEY,
  account_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('ORDER_LINE', 'PLEDGE')),
  item_id uuid NOT NULL,
  title text NOT NULL,
  -- What was given back may not be reviewed.
  given_back boolean NOT NULL,
  -- Of the order or the pledge, as of the newest event that was heard.
  version bigint NOT NULL,
  since timestamptz NOT NULL
);
CREATE INDEX review_right_open ON review_right (account_id, since DESC, subject_id DESC) WHERE NOT given_back;
