--who acted at the source of a fact
-- depends: 0004_chassis_rebut

-- migrate: apply
ALTER TABLE faits ADD COLUMN agent text;

-- migrate: rollback
ALTER TABLE faits DROP COLUMN agent;
