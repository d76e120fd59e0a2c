--facts that are told before the day on which they hold
-- depends: 0005_chassis_transport 0005_chassis_agent

-- migrate: apply

ALTER TABLE faits ADD COLUMN effet text CHECK (effet ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$');

-- migrate: rollback
ALTER TABLE faits DROP COLUMN effet;
