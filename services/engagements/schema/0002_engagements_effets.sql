--renewals that are signed and begin later
-- depends: 0001_engagements_contrats

-- migrate: apply

ALTER TABLE contrats
    ADD COLUMN est_a_venir boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT contrats_a_venir_signes CHECK (NOT est_a_venir OR etat = 'signe');
DROP INDEX contrats_un_en_vigueur;
CREATE UNIQUE INDEX contrats_un_en_vigueur ON contrats (parcours) WHERE etat IN ('signe', 'suspendu') AND NOT est_a_venir;
CREATE UNIQUE INDEX contrats_un_a_venir ON contrats (parcours) WHERE est_a_venir;

-- migrate: rollback
DROP INDEX contrats_un_a_venir, contrats_un_en_vigueur;
ALTER TABLE contrats DROP COLUMN est_a_venir;
CREATE UNIQUE INDEX contrats_un_en_vigueur ON contrats (parcours) WHERE etat IN ('signe', 'suspendu');
