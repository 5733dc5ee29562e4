-- Businesses that raise money. One account, one registration; after a rejection it is written anew.
CREATE TABLE seller (
  -- The account of the person who registered it.
  id uuid PRIMARY KEY,
  company_name text NOT NULL,
  business_number text NOT NULL CHECK (business_number ~ '^[0-9]{10}$'),
  representative_name text NOT NULL,
  -- Bank, number and holder, encrypted as one; bound to the seller's id.
  sealed_settlement_account bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('PENDING', 'APPROVED', 'REJECTED')),
  rejection_reason text NOT NULL DEFAULT '',
  version bigint NOT NULL,
  create_time timestamptz NOT NULL,
  CHECK ((state = 'REJECTED') = (rejection_reason <> ''))
);
-- A business sells under one account. A rejected registration leaves its number free.
CREATE UNIQUE INDEX seller_business_number ON seller (business_number) WHERE state <> 'REJECTED';
CREATE INDEX seller_state ON seller (state, create_time, id);
CREATE INDEX seller_create_time ON seller (create_time, id);
