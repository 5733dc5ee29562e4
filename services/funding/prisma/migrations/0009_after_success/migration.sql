-- What comes after success: parcels, requests for a refund, and the end of a project that was paid.

ALTER TABLE pledge
  ADD COLUMN carrier text,
  ADD COLUMN tracking_number text,
  ADD COLUMN ship_time timestamptz,
  ADD COLUMN delivery_time timestamptz,
  -- Released pledges of a project that was canceled after its close may have been charged in vain before.
  DROP CONSTRAINT pledge_check2,
  ADD CHECK (state NOT IN ('ACTIVE', 'CANCELED') OR charge_attempts = 0),
  ADD CHECK (state IN ('ACTIVE', 'CANCELED', 'RELEASED') OR charge_attempts > 0),
  ADD CHECK ((carrier IS NULL) = (ship_time IS NULL) AND (tracking_number IS NULL) = (ship_time IS NULL)),
  ADD CHECK (delivery_time IS NULL OR ship_time IS NOT NULL);
CREATE INDEX pledge_on_its_way ON pledge (ship_time) WHERE ship_time IS NOT NULL AND delivery_time IS NULL;

-- Backers ask for their money back; the seller or staff decide.
CREATE TABLE refund_request (
  id uuid PRIMARY KEY,
  pledge_id uuid NOT NULL REFERENCES pledge,
  project_id uuid NOT NULL,
  reason text NOT NULL,
  state text NOT NULL CHECK (state IN ('OPEN', 'APPROVED', 'REJECTED')),
  decider_id uuid,
  -- Why it was rejected; shown to the backer.
  rejection_reason text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL,
  decide_time timestamptz,
  CHECK ((decider_id IS NULL) = (state = 'OPEN')),
  CHECK ((decide_time IS NULL) = (state = 'OPEN'))
);
CREATE UNIQUE INDEX refund_request_one_open ON refund_request (pledge_id) WHERE state = 'OPEN';
CREATE INDEX refund_request_by_pledge ON refund_request (pledge_id, id);
CREATE INDEX refund_request_by_project ON refund_request (project_id, id);
CREATE INDEX refund_request_waiting ON refund_request (id) WHERE state = 'OPEN';

-- Pledges whose money is to go back: written with the decision, and gone when payment has given it back.
CREATE TABLE pledge_refund (
  pledge_id uuid PRIMARY KEY REFERENCES pledge,
  reason text NOT NULL,
  -- From when on payment is asked; a lease while it is.
  due_time timestamptz NOT NULL
);
CREATE INDEX pledge_refund_due ON pledge_refund (due_time);

-- As before; and of a project that was canceled after its close, whatever is not charged is released, and what was paid goes back.
-- What payment has taken and not answered yet is left: its answer finds the project canceled.
CREATE OR REPLACE FUNCTION sweep_pledges(call jsonb, batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  ended record;
  swept pledge;
  seen uuid[] := '{}';
  released uuid[] := '{}';
  home record;
BEGIN
  SELECT sweep.project_id, sweep.after, project.state = 'CHARGING' AS charging, project.cancel_reason INTO ended
    FROM sweep JOIN project ON project.id = sweep.project_id LIMIT 1 FOR UPDATE OF sweep SKIP LOCKED;
  IF NOT FOUND THEN RETURN NULL; END IF;

  FOR swept IN
    SELECT * FROM pledge WHERE project_id = ended.project_id AND id > ended.after AND state IN ('ACTIVE', 'CHARGING', 'PAYMENT_FAILED', 'PAID')
     ORDER BY id LIMIT batch FOR UPDATE
  LOOP
    seen := seen || swept.id;
    IF swept.state = 'ACTIVE' AND ended.charging THEN
      UPDATE pledge SET state = 'CHARGING', charge_attempts = 1, send_time = kit.at(call), version = version + 1 WHERE id = swept.id RETURNING * INTO swept;
      PERFORM kit.emit(call, 'moa.funding.v1.PledgeCharging', swept.id::text, swept.version, pledge_event(swept));
    ELSIF NOT ended.charging AND (swept.state IN ('ACTIVE', 'PAYMENT_FAILED') OR swept.send_time IS NOT NULL) THEN
      UPDATE pledge SET state = 'RELEASED', send_time = NULL, next_charge_time = NULL, version = version + 1 WHERE id = swept.id RETURNING * INTO swept;
      released := released || swept.id;
      PERFORM kit.emit(call, 'moa.funding.v1.PledgeReleased', swept.id::text, swept.version, pledge_event(swept));
    ELSIF NOT ended.charging AND swept.state = 'PAID' THEN
      PERFORM refund_pledge(call, swept.id, ended.cancel_reason);
    END IF;
  END LOOP;

  IF seen = '{}' THEN
    DELETE FROM sweep WHERE project_id = ended.project_id;
    RETURN 0;
  END IF;
  SELECT array_agg(reward_id) AS reward_ids, array_agg(change) AS changes INTO home FROM (
    SELECT reward_id, -sum(quantity)::integer AS change FROM pledge_line WHERE pledge_id = ANY(released) GROUP BY reward_id) AS line;
  PERFORM take_stock(home.reward_ids, home.changes);
  UPDATE sweep SET after = (SELECT id FROM unnest(seen) AS id ORDER BY id DESC LIMIT 1) WHERE project_id = ended.project_id;
  RETURN cardinality(seen);
END $$;

-- Money of a pledge is to go back, once.
CREATE FUNCTION refund_pledge(call jsonb, target uuid, why text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO pledge_refund (pledge_id, reason, due_time) VALUES (target, why, kit.at(call)) ON CONFLICT DO NOTHING
$$;

-- As before, but nothing of a project that was canceled.
CREATE OR REPLACE FUNCTION lease_charges(call jsonb, batch integer, lease_ms integer)
RETURNS TABLE (pledge_id uuid, project_id uuid, seller_id uuid, backer_id uuid, billing_method_id uuid, currency text, total_minor bigint, attempt integer)
LANGUAGE sql AS $$
  WITH leased AS (
    UPDATE pledge SET send_time = kit.at(call) + lease_ms * interval '1 millisecond'
     WHERE id = ANY (ARRAY(
       SELECT id FROM pledge p WHERE send_time <= kit.at(call) AND NOT EXISTS (SELECT FROM project WHERE project.id = p.project_id AND project.state = 'CANCELED')
        ORDER BY send_time LIMIT batch FOR UPDATE SKIP LOCKED))
    RETURNING *
  )
  SELECT leased.id, leased.project_id, project.seller_id, leased.backer_id, leased.billing_method_id, leased.currency::text, leased.total_minor, leased.charge_attempts
    FROM leased JOIN project ON project.id = leased.project_id ORDER BY leased.id
$$;

-- Hands out pledges whose money is to go back, to be asked of payment by one copy at a time.
CREATE FUNCTION lease_refunds(call jsonb, batch integer, lease_ms integer) RETURNS TABLE (pledge_id uuid, reason text) LANGUAGE sql AS $$
  UPDATE pledge_refund SET due_time = kit.at(call) + lease_ms * interval '1 millisecond'
   WHERE pledge_refund.pledge_id = ANY (ARRAY(
     SELECT r.pledge_id FROM pledge_refund r WHERE r.due_time <= kit.at(call) ORDER BY r.due_time LIMIT batch FOR UPDATE SKIP LOCKED))
  RETURNING pledge_refund.pledge_id, pledge_refund.reason
$$;

-- Parcels that nobody confirmed in time count as delivered.
CREATE FUNCTION deliver_shipped(call jsonb, shipped_before timestamptz, batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  delivered pledge;
  count integer := 0;
BEGIN
  FOR delivered IN
    UPDATE pledge SET delivery_time = kit.at(call), version = version + 1
     WHERE id = ANY (ARRAY(
       SELECT id FROM pledge WHERE ship_time <= shipped_before AND delivery_time IS NULL ORDER BY ship_time LIMIT batch FOR UPDATE SKIP LOCKED))
    RETURNING *
  LOOP
    count := count + 1;
    PERFORM kit.emit(call, 'moa.funding.v1.PledgeDelivered', delivered.id::text, delivered.version,
      pledge_event(delivered) || jsonb_build_object('deliveryTime', kit.timestamp(delivered.delivery_time)));
  END LOOP;
  RETURN count;
END $$;
