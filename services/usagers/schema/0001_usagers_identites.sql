--parcours and their aliases, the encrypted vault of identities, the blind indexes by which a person is found
-- depends: 0001_chassis_socle

-- migrate: apply

CREATE TABLE parcours (
    id          uuid PRIMARY KEY,
    etat        text NOT NULL CHECK (etat IN ('ambigu', 'actif', 'clos', 'fusionne', 'efface')),
    departement text NOT NULL CHECK (departement ~ '^([0-9][0-9AB]|97[1-6])$'),
    emetteur    text NOT NULL,
    candidats   uuid[] NOT NULL DEFAULT '{}',
    -- The last survivor: a merge of merges moves every alias, so that one step always suffices.
    survivant   uuid REFERENCES parcours,
    droits      jsonb,
    date_fin    date,
    oppose_a    timestamptz,
    CHECK ((etat = 'fusionne') = (survivant IS NOT NULL)),
    CHECK (survivant <> id),
    CHECK ((etat = 'clos') = (date_fin IS NOT NULL)),
    CHECK (etat = 'ambigu' OR candidats = '{}')
);
CREATE INDEX parcours_par_survivant ON parcours (survivant) WHERE survivant IS NOT NULL;

-- The vault: AES-256-GCM under a key of the parcours. Nothing of it can be read, or recognised, in the database.
CREATE TABLE coffre (
    parcours     uuid PRIMARY KEY REFERENCES parcours,
    identite     bytea NOT NULL,
    identifiants bytea NOT NULL,
    coordonnees  bytea
);

-- HMAC-SHA-256 of what a person can be found by: each identifier, and the names with the birth date.
-- No foreign key: four rows a person, checked one by one, cost a tenth of the whole intake; every reader joins parcours.
CREATE TABLE cles (
    parcours  uuid NOT NULL,
    nature    text NOT NULL CHECK (nature IN ('nir', 'numero-france-travail', 'matricule-caf', 'matricule-msa',
                                              'numero-demande-rsa', 'local', 'imilo', 'etat-civil')),
    empreinte bytea NOT NULL CHECK (length(empreinte) = 16),
    active    boolean NOT NULL,
    PRIMARY KEY (parcours, empreinte)
);
-- One NIR, one France Travail number, one local id of a partner, one i-milo file: one active parcours, everywhere.
CREATE UNIQUE INDEX cles_exclusives ON cles (empreinte)
    WHERE active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo');
CREATE INDEX cles_partagees ON cles (empreinte)
    WHERE NOT (active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo'));

-- The part of each fact that must not travel on the bus, encrypted like the vault.
CREATE TABLE champs_proteges (
    fait     uuid PRIMARY KEY,
    parcours uuid NOT NULL,
    chiffre  bytea NOT NULL
);
CREATE INDEX champs_par_parcours ON champs_proteges (parcours);

-- Erasures under way. `flux` lists the stream messages still to delete once the rows of `faits` are gone.
CREATE TABLE effacements (
    parcours   uuid PRIMARY KEY REFERENCES parcours,
    demande_a  timestamptz NOT NULL,
    flux       bigint[] NOT NULL DEFAULT '{}',
    acheve_a   timestamptz
);
CREATE INDEX effacements_en_cours ON effacements (demande_a) WHERE acheve_a IS NULL;

-- migrate: rollback
DROP TABLE effacements, champs_proteges, cles, coffre, parcours;
