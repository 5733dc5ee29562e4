-- A paid pledge may be given back in part, and its payer's bank may take it back.
ALTER TABLE pledge DROP CONSTRAINT pledge_state_check,
  ADD CHECK (state IN ('ACTIVE', 'CHARGING', 'PAID', 'CANCELED', 'PAYMENT_FAILED', 'DROPPED', 'REFUNDED', 'RELEASED', 'CHARGED_BACK')),
  -- As payment tells it.
  ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND total_minor);
