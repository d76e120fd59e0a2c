--what a partner said of a person whom it may not be told, under its own name of the parcours
-- depends: 0004_usagers_transferts

-- migrate: apply

-- `chiffre` holds its own words, sealed like the vault; they are all that it reads.
CREATE TABLE dires (
    alias       uuid PRIMARY KEY,
    parcours    uuid NOT NULL REFERENCES parcours,
    departement text NOT NULL,
    emetteur    text NOT NULL,
    chiffre     bytea NOT NULL
);
CREATE INDEX dires_par_parcours ON dires (parcours, emetteur);

-- migrate: rollback
DROP TABLE dires;
