-- A backer's bank may take back what a pledge was charged.
ALTER TABLE pledge_copy DROP CONSTRAINT pledge_copy_state_check,
  ADD CONSTRAINT pledge_copy_state_check
    CHECK (state IN ('ACTIVE', 'CHARGING', 'PAID', 'CANCELED', 'PAYMENT_FAILED', 'DROPPED', 'REFUNDED', 'RELEASED', 'CHARGED_BACK'));
