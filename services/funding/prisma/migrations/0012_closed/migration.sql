-- People who have gone. The address of a pledge goes with them, as soon as nothing is sent there, or may come back from there.
CREATE TABLE closed_account (
  account_id uuid PRIMARY KEY,
  close_time timestamptz NOT NULL
);

-- At most so many; gives how many.
CREATE FUNCTION erase_addresses(call jsonb, kept interval, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  erased integer;
BEGIN
  UPDATE pledge SET address = NULL WHERE id IN (
    SELECT p.id FROM closed_account c JOIN pledge p ON p.backer_id = c.account_id
     WHERE p.address IS NOT NULL AND (state IN ('CANCELED', 'DROPPED', 'REFUNDED', 'RELEASED', 'CHARGED_BACK')
        OR (delivery_time <= kit.at(call) - kept AND NOT EXISTS (SELECT FROM refund_request r WHERE r.pledge_id = p.id AND r.state = 'OPEN')))
     LIMIT most FOR UPDATE OF p SKIP LOCKED);
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END $$;
