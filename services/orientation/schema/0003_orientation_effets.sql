--orientations decided for a day to come, and what was said of the right from a day to come on
-- depends: 0002_orientation_oppositions

-- migrate: apply

ALTER TABLE orientations ADD COLUMN est_effective boolean NOT NULL DEFAULT true;
DROP INDEX orientations_une_ouverte;
CREATE UNIQUE INDEX orientations_une_ouverte ON orientations (parcours) WHERE NOT est_close AND est_effective;

ALTER TABLE dossiers
    ADD COLUMN annonce_brsa  boolean,
    ADD COLUMN annonce_dit_a timestamptz,
    ADD COLUMN annonce_effet date,
    ADD CONSTRAINT dossiers_annonce CHECK (num_nulls(annonce_brsa, annonce_dit_a, annonce_effet) IN (0, 3));

-- migrate: rollback
ALTER TABLE dossiers DROP COLUMN annonce_effet, DROP COLUMN annonce_dit_a, DROP COLUMN annonce_brsa;
DROP INDEX orientations_une_ouverte;
ALTER TABLE orientations DROP COLUMN est_effective;
CREATE UNIQUE INDEX orientations_une_ouverte ON orientations (parcours) WHERE NOT est_close;
