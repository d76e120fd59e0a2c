--who objected, and the last word that was heard on a right
-- depends: 0001_orientation_dossiers

-- migrate: apply

ALTER TABLE dossiers
    ADD COLUMN droit_dit_a timestamptz,
    ADD COLUMN droit_effet date,
    ADD COLUMN est_oppose  boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT dossiers_droit_dit CHECK ((droit_dit_a IS NULL) = (droit_effet IS NULL));
-- They are few, and each statistic leaves them out.
CREATE INDEX dossiers_opposes ON dossiers (parcours) WHERE est_oppose;

-- migrate: rollback
ALTER TABLE dossiers DROP COLUMN est_oppose, DROP COLUMN droit_effet, DROP COLUMN droit_dit_a;
