--all that was done under an orientation, each by its deposit, so that it may be cancelled one after the other
-- depends: 0005_orientation_reprises

-- migrate: apply
ALTER TABLE orientations ADD COLUMN appuis jsonb NOT NULL DEFAULT '{"dits": []}';
UPDATE orientations
SET appuis = jsonb_build_object('dits', jsonb_build_array(jsonb_build_object('type', appui, 'depot', NULL)))
WHERE appui IS NOT NULL;

-- migrate: rollback
ALTER TABLE orientations DROP COLUMN appuis;
