-- The person has gone: coupons that can be used are taken away; what is held goes on.
CREATE FUNCTION revoke_coupons_of(call jsonb, owner uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  which uuid;
BEGIN
  FOR which IN SELECT id FROM coupon WHERE owner_id = owner AND state = 'ISSUED' ORDER BY id FOR UPDATE LOOP
    PERFORM revoke_coupon(call, which);
  END LOOP;
END $$;
