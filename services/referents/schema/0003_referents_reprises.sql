--orientations decided before the hub followed the person
-- depends: 0002_referents_effets

-- migrate: apply
ALTER TABLE orientations ADD COLUMN est_reprise boolean NOT NULL DEFAULT false;

-- migrate: rollback
ALTER TABLE orientations DROP COLUMN est_reprise;
