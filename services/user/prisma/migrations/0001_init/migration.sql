-- What a person says of himself. The address is auth's and is asked for when it is shown.
CREATE TABLE profile (
  account_id uuid PRIMARY KEY,
  name text NOT NULL DEFAULT '',
  phone text NOT NULL DEFAULT '',
  interest_categories text[] NOT NULL DEFAULT '{}',
  -- 0 until the person changes something.
  version bigint NOT NULL DEFAULT 0,
  create_time timestamptz NOT NULL
);

-- Copies of what funding says, made from its events only. Events may come twice, late and in any order: a copy never goes back to a
-- lower version than it has seen.
CREATE TABLE project_copy (
  id uuid PRIMARY KEY,
  title text NOT NULL,
  version bigint NOT NULL
);

CREATE TABLE pledge_copy (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL,
  backer_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('ACTIVE', 'CHARGING', 'PAID', 'CANCELED', 'PAYMENT_FAILED', 'DROPPED', 'REFUNDED', 'RELEASED')),
  currency text NOT NULL,
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  version bigint NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX pledge_copy_backer ON pledge_copy (backer_id, create_time DESC, id DESC);
