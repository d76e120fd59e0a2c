--what it takes to cancel a decision: its deposit, what it changed, what was done under it
-- depends: 0003_orientation_effets 0003_orientation_reglages

-- migrate: apply
ALTER TABLE orientations ADD COLUMN depot uuid, ADD COLUMN avant jsonb, ADD COLUMN appui text;

-- migrate: rollback
ALTER TABLE orientations DROP COLUMN appui, DROP COLUMN avant, DROP COLUMN depot;
