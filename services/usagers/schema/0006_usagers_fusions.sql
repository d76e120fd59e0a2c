--what it takes to undo a merge, and whom an agent has told apart
-- depends: 0005_usagers_dires

-- migrate: apply

-- Those that stand. `chiffre` holds the persons as they were, sealed like the vault under the key of the survivor;
-- `suivaient` the aliases that each of the absorbed had.
CREATE TABLE fusions (
    depot     uuid PRIMARY KEY,
    numero    bigint GENERATED ALWAYS AS IDENTITY,
    conserve  uuid NOT NULL,
    absorbes  uuid[] NOT NULL,
    auteur    text NOT NULL,
    fait      uuid NOT NULL,
    suivaient jsonb NOT NULL,
    chiffre   bytea NOT NULL
);
CREATE INDEX fusions_par_conserve ON fusions (conserve);
CREATE INDEX fusions_par_absorbe ON fusions USING gin (absorbes);

ALTER TABLE parcours ADD COLUMN distincts uuid[] NOT NULL DEFAULT '{}';

-- migrate: rollback
ALTER TABLE parcours DROP COLUMN distincts;
DROP TABLE fusions;
