-- People who have gone. The address of an order goes with them, as soon as nothing is sent there, or may come back from there.
CREATE TABLE closed_account (
  account_id uuid PRIMARY KEY,
  close_time timestamptz NOT NULL
);

-- At most so many; gives how many.
CREATE FUNCTION erase_addresses(call jsonb, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  erased integer;
BEGIN
  UPDATE "order" SET address = NULL WHERE id IN (
    SELECT o.id FROM closed_account c JOIN "order" o ON o.buyer_id = c.account_id
     WHERE o.address IS NOT NULL AND o.state IN ('COMPLETED', 'CANCELED', 'EXPIRED', 'RETURNED')
     LIMIT most FOR UPDATE OF o SKIP LOCKED);
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END $$;
