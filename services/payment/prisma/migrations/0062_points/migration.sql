-- Points in the books: what people earn and are granted is an expense and a debt, what expires or is taken back undoes both. What they spend
-- and get back is posted with the payment and the refund that it belongs to.

ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_kind_check,
  ADD CONSTRAINT ledger_transaction_kind_check CHECK (kind IN ('CHARGE', 'CANCEL', 'REFUND_DUE', 'REFUND', 'REFUND_REFUSED', 'CHARGEBACK',
    'PAYOUT', 'ORPHAN', 'ORPHAN_RETURN', 'POINTS'));
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_account_check,
  ADD CONSTRAINT ledger_entry_account_check CHECK (account IN ('PROVIDER_CLEARING', 'BUYER_REFUNDS_DUE', 'SELLER_PAYABLE', 'PLATFORM_FEE', 'PROVIDER_FEE',
    'BANK', 'POINTS_LIABILITY', 'COUPON_EXPENSE', 'POINTS_EXPENSE'));

-- Posts a change of somebody's points: once for each entry of the user service, for ever. Negative: they became fewer.
CREATE FUNCTION post_points(call jsonb, entry text, money text, amount bigint) RETURNS void LANGUAGE sql AS $$
  WITH posted AS (
    INSERT INTO ledger_transaction (business_key, kind, create_time) VALUES ('points:' || entry, 'POINTS', kit.at(call))
      ON CONFLICT (business_key) DO NOTHING RETURNING id
  )
  INSERT INTO ledger_entry (transaction_id, account, currency, amount_minor)
    SELECT posted.id, e.account, money, e.amount_minor
      FROM posted, (VALUES ('POINTS_EXPENSE', amount), ('POINTS_LIABILITY', -amount)) AS e(account, amount_minor)
$$;
