CREATE TABLE project (
  id uuid PRIMARY KEY,
  seller_id uuid NOT NULL,
  title text NOT NULL,
  summary text NOT NULL,
  story text NOT NULL,
  category text NOT NULL,
  image_urls text[] NOT NULL,
  kind text NOT NULL CHECK (kind IN ('ALL_OR_NOTHING', 'KEEP_WHAT_YOU_RAISE')),
  currency char(3) NOT NULL,
  goal_minor bigint NOT NULL CHECK (goal_minor > 0),
  start_time timestamptz NOT NULL,
  close_time timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'DRAFT'
    CHECK (state IN ('DRAFT', 'IN_REVIEW', 'REJECTED', 'SCHEDULED', 'LIVE', 'CHARGING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
  -- From its approval on.
  public boolean NOT NULL DEFAULT false,
  rejection_reason text NOT NULL DEFAULT '',
  cancel_reason text NOT NULL DEFAULT '',
  -- What pledges that were not canceled are worth, and how many they are. Frozen once the project has ended.
  raised_minor bigint NOT NULL DEFAULT 0 CHECK (raised_minor >= 0),
  pledge_count integer NOT NULL DEFAULT 0 CHECK (pledge_count >= 0),
  -- What was raised when the popular list was last ranked: an index on raised_minor would be written by every pledge.
  popularity bigint NOT NULL DEFAULT 0,
  -- How a refused charge is tried again.
  charge_retries smallint NOT NULL CHECK (charge_retries BETWEEN 0 AND 99),
  charge_retry_seconds integer NOT NULL CHECK (charge_retry_seconds > 0),
  -- Counts what the seller changes: the etag.
  revision integer NOT NULL DEFAULT 1,
  -- Counts the events of the project.
  version bigint NOT NULL DEFAULT 0,
  create_time timestamptz NOT NULL,
  submit_time timestamptz,
  CHECK (close_time > start_time),
  CHECK (public OR state IN ('DRAFT', 'IN_REVIEW', 'REJECTED', 'CANCELED')),
  CHECK (state <> 'IN_REVIEW' OR submit_time IS NOT NULL)
-- Every pledge writes this row: it has room for its next version on its own page, and its story lies elsewhere.
) WITH (fillfactor = 50, toast_tuple_target = 256);
-- No more of them than needed: every write of the row has to open all. What waits (for its review, its opening, its last charge) is found
-- by its state, of which there are few.
CREATE INDEX project_by_seller ON project (seller_id, id);
CREATE INDEX project_by_state ON project (state, id);
CREATE INDEX project_by_category ON project (category, id) WHERE public;
CREATE INDEX project_by_popularity ON project (popularity, id) WHERE public;
CREATE INDEX project_by_close_time ON project (close_time, id) WHERE state = 'LIVE';

CREATE TABLE reward (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  title text NOT NULL,
  description text NOT NULL,
  price_minor bigint NOT NULL CHECK (price_minor > 0),
  -- Both null: as many as are wanted.
  stock integer CHECK (stock > 0),
  remaining integer CHECK (remaining BETWEEN 0 AND stock),
  -- 0: no limit.
  limit_per_backer integer NOT NULL CHECK (limit_per_backer >= 0),
  delivery_month text NOT NULL,
  ships boolean NOT NULL,
  CHECK ((stock IS NULL) = (remaining IS NULL))
) WITH (fillfactor = 50);
CREATE INDEX reward_by_project ON reward (project_id, id);

-- Who may be charged by what, as payment's events tell it.
CREATE TABLE billing_method (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL
);

-- No foreign key leads to project or reward: its check would lock the rows that everybody writes, and place_pledge finds both anyway.
CREATE TABLE pledge (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL,
  backer_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'ACTIVE'
    CHECK (state IN ('ACTIVE', 'CHARGING', 'PAID', 'CANCELED', 'PAYMENT_FAILED', 'DROPPED', 'REFUNDED', 'RELEASED')),
  currency char(3) NOT NULL,
  extra_minor bigint NOT NULL CHECK (extra_minor >= 0),
  -- At most what payment takes in one charge.
  total_minor bigint NOT NULL CHECK (total_minor > 0 AND total_minor <= 1000000000000),
  billing_method_id uuid NOT NULL,
  -- A proto Address as JSON. Personal data: in no event, and in no remembered answer.
  address jsonb,
  -- How many charges were begun.
  charge_attempts integer NOT NULL DEFAULT 0,
  -- From when on the charge waits to be sent to payment; null when payment has taken it.
  send_time timestamptz,
  -- When a refused charge is tried again.
  next_charge_time timestamptz,
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL,
  CHECK (send_time IS NULL OR state = 'CHARGING'),
  CHECK ((state = 'PAYMENT_FAILED') = (next_charge_time IS NOT NULL)),
  CHECK ((state IN ('ACTIVE', 'CANCELED', 'RELEASED')) = (charge_attempts = 0))
);
CREATE INDEX pledge_by_backer ON pledge (backer_id, id);
CREATE INDEX pledge_by_project ON pledge (project_id, id);
-- No query but its own fits one of these: statistics are old when a project has just closed, and must not lead astray.
CREATE INDEX pledge_to_send ON pledge (send_time) WHERE send_time IS NOT NULL;
CREATE INDEX pledge_to_retry ON pledge (next_charge_time) WHERE next_charge_time IS NOT NULL;
CREATE INDEX pledge_unsettled ON pledge (project_id) WHERE state IN ('CHARGING', 'PAYMENT_FAILED');

CREATE TABLE pledge_line (
  pledge_id uuid NOT NULL REFERENCES pledge,
  reward_id uuid NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (pledge_id, reward_id)
);

-- Ended projects whose pledges are still on their way to be charged or released: all up to "after" have been seen.
CREATE TABLE sweep (
  project_id uuid PRIMARY KEY REFERENCES project,
  after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
