-- Settlements of orders are of a period. Null for a project; the start also for the seller's first.
ALTER TABLE settlement_copy ADD COLUMN period_start timestamptz, ADD COLUMN period_end timestamptz;
