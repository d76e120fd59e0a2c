--the territories of the contract: the Rhône and the Métropole de Lyon are two, and the COM are among them
-- depends: 0002_usagers_oublis

-- migrate: apply

ALTER TABLE parcours
    DROP CONSTRAINT parcours_departement_check,
    ADD CONSTRAINT parcours_departement_check CHECK (departement ~ '^([0-9][0-9AB]|69[DM]|97[1-8])$');

-- migrate: rollback
ALTER TABLE parcours
    DROP CONSTRAINT parcours_departement_check,
    ADD CONSTRAINT parcours_departement_check CHECK (departement ~ '^([0-9][0-9AB]|97[1-6])$');
