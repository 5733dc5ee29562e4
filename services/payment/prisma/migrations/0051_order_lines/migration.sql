-- As before, with joins over all transactions instead of a look for each: a period may have very many.
CREATE OR REPLACE FUNCTION order_lines(ids bigint[], whose uuid)
RETURNS TABLE (transaction_id bigint, kind text, gross_minor bigint, platform_fee_minor bigint, provider_fee_minor bigint, coupon_minor bigint, net_minor bigint)
LANGUAGE sql STABLE AS $$
  WITH own AS (
    SELECT e.transaction_id, -sum(e.amount_minor)::bigint AS net FROM ledger_entry e
     WHERE e.transaction_id = ANY (ids) AND e.owner_id = whose GROUP BY e.transaction_id
  ), part AS (
    SELECT t.id, 1 AS sign, s.paid_minor, s.platform_coupon_minor, s.seller_coupon_minor, s.points_minor, s.platform_fee_minor, s.provider_fee_minor
      FROM ledger_transaction t JOIN payment_share s ON s.payment_id = t.payment_id AND s.seller_id = whose
     WHERE t.id = ANY (ids) AND t.kind = 'CHARGE'
    UNION ALL
    SELECT t.id, CASE t.kind WHEN 'REFUND_DUE' THEN -1 ELSE 1 END, r.amount_minor, r.platform_coupon_minor, r.seller_coupon_minor, r.points_minor, r.platform_fee_minor, 0
      FROM ledger_transaction t JOIN refund_share r ON r.refund_id = split_part(t.business_key, ':', 2)::uuid AND r.seller_id = whose
     WHERE t.id = ANY (ids) AND t.kind IN ('REFUND_DUE', 'REFUND_REFUSED')
    UNION ALL
    SELECT t.id, -1, b.amount_minor, b.platform_coupon_minor, b.seller_coupon_minor, b.points_minor, b.platform_fee_minor, 0
      FROM ledger_transaction t JOIN chargeback_share b ON b.payment_id = t.payment_id AND b.seller_id = whose
     WHERE t.id = ANY (ids) AND t.kind = 'CHARGEBACK'
  )
  SELECT t.id, t.kind,
         coalesce(p.sign * (p.paid_minor + p.platform_coupon_minor + p.seller_coupon_minor + p.points_minor), 0),
         coalesce(p.sign * p.platform_fee_minor, 0),
         CASE t.kind WHEN 'REFUND' THEN -own.net ELSE coalesce(p.sign * p.provider_fee_minor, 0) END,
         coalesce(p.sign * p.seller_coupon_minor, 0),
         coalesce(own.net, 0)
    FROM ledger_transaction t LEFT JOIN own ON own.transaction_id = t.id LEFT JOIN part p ON p.id = t.id
   WHERE t.id = ANY (ids) AND (p.id IS NOT NULL OR own.net <> 0)
$$;
