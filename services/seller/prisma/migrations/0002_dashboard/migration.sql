-- What the newest documents have come to. A new registration begins with NONE.
ALTER TABLE seller ADD COLUMN verification_state text NOT NULL DEFAULT 'NONE'
  CHECK (verification_state IN ('NONE', 'SUBMITTED', 'VERIFIED', 'REJECTED'));
-- The newest decision: it holds while a renewal waits.
ALTER TABLE seller ADD COLUMN verified boolean NOT NULL DEFAULT false;
ALTER TABLE seller ADD COLUMN verification_rejection_reason text NOT NULL DEFAULT '';
-- Null: the account is that of the registration, and was never changed.
ALTER TABLE seller ADD COLUMN settlement_account_usable_from timestamptz;
ALTER TABLE seller ADD CHECK (verified OR verification_state <> 'VERIFIED');
ALTER TABLE seller ADD CHECK (NOT verified OR verification_state IN ('VERIFIED', 'SUBMITTED'));

-- Documents that were handed in, and what staff decided. Kept.
CREATE TABLE verification (
  id uuid PRIMARY KEY,
  seller_id uuid NOT NULL REFERENCES seller,
  -- As the business was registered then.
  company_name text NOT NULL,
  business_number text NOT NULL,
  state text NOT NULL CHECK (state IN ('SUBMITTED', 'VERIFIED', 'REJECTED')),
  rejection_reason text NOT NULL DEFAULT '',
  submit_time timestamptz NOT NULL,
  review_time timestamptz,
  reviewer_id uuid,
  CHECK ((state = 'REJECTED') = (rejection_reason <> '')),
  CHECK ((state = 'SUBMITTED') = (review_time IS NULL)),
  CHECK ((review_time IS NULL) = (reviewer_id IS NULL))
);
CREATE UNIQUE INDEX verification_waits_once ON verification (seller_id) WHERE state = 'SUBMITTED';
CREATE INDEX verification_waiting ON verification (submit_time, id) WHERE state = 'SUBMITTED';
CREATE INDEX verification_by_seller ON verification (seller_id, submit_time, id);

CREATE TABLE verification_document (
  verification_id uuid NOT NULL REFERENCES verification,
  -- As they were handed in, from 0.
  position smallint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('BUSINESS_REGISTRATION', 'BANK_BOOK', 'ID', 'OTHER')),
  reference text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  name text NOT NULL,
  PRIMARY KEY (verification_id, position)
);

-- Copies of what funding and payment say, made from their events only. Events may come twice, late and in any order: what one event says of
-- a project is kept with its version, and a pledge never goes back to a lower one.
CREATE TABLE project_copy (
  id uuid PRIMARY KEY,
  seller_id uuid NOT NULL,
  -- Of ProjectPublished; null until it is heard.
  title text,
  currency text,
  goal_minor bigint,
  close_time timestamptz,
  publish_version bigint,
  -- Of ProjectClosed.
  outcome text CHECK (outcome IN ('CHARGING', 'FAILED', 'CANCELED')),
  raised_minor bigint,
  pledge_count integer,
  closed_time timestamptz,
  close_version bigint,
  -- Of ProjectSettled.
  settle_time timestamptz,
  settle_version bigint,
  -- What follows from all that. Null for a project that has not opened, as far as is known.
  phase text CHECK (phase IN ('LIVE', 'CHARGING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
  end_time timestamptz,
  CHECK ((title IS NULL) = (publish_version IS NULL)),
  CHECK ((outcome IS NULL) = (close_version IS NULL)),
  CHECK ((settle_time IS NULL) = (settle_version IS NULL)),
  CHECK ((phase IS NOT NULL AND phase NOT IN ('LIVE', 'CHARGING')) = (end_time IS NOT NULL))
);
CREATE INDEX project_copy_running ON project_copy (seller_id, close_time, id) WHERE phase IN ('LIVE', 'CHARGING');
CREATE INDEX project_copy_ended ON project_copy (seller_id, end_time DESC, id DESC) WHERE end_time IS NOT NULL;

-- No foreign key: a pledge may be heard of before its project. Whose it is, no seller is told here.
CREATE TABLE pledge_copy (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('ACTIVE', 'CHARGING', 'PAID', 'CANCELED', 'PAYMENT_FAILED', 'DROPPED', 'REFUNDED', 'RELEASED')),
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND total_minor),
  version bigint NOT NULL
);
-- Holds all that is counted: a project is added up without reading its pledges.
CREATE INDEX pledge_copy_sums ON pledge_copy (project_id, state, total_minor, refunded_minor);

-- Both are said once, and never change.
CREATE TABLE settlement_copy (
  id uuid PRIMARY KEY,
  seller_id uuid NOT NULL,
  -- Null for a period.
  project_id uuid,
  currency text NOT NULL,
  net_minor bigint NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX settlement_copy_by_seller ON settlement_copy (seller_id, create_time DESC, id DESC);
CREATE INDEX settlement_copy_by_project ON settlement_copy (project_id, net_minor);

CREATE TABLE payout_copy (
  id uuid PRIMARY KEY,
  settlement_id uuid NOT NULL,
  amount_minor bigint NOT NULL,
  pay_time timestamptz NOT NULL
);
CREATE INDEX payout_copy_by_settlement ON payout_copy (settlement_id, amount_minor, pay_time);
