--one sealed dossier per parcours, folded from its sealed facts; what 0.2.0 wrote waits for the service, which has its key
-- depends: 0006_usagers_attentes 0006_usagers_fusions

-- migrate: apply

-- Only the service can open what 0.2.0 sealed: it makes the first fact of each dossier before it answers, and empties
-- these tables.
ALTER TABLE coffre RENAME TO anciens_coffres;
ALTER TABLE dires RENAME TO anciens_dires;
ALTER TABLE fusions RENAME TO anciennes_fusions;
ALTER TABLE champs_proteges RENAME TO anciens_champs;
ALTER INDEX champs_proteges_pkey RENAME TO anciens_champs_pkey;
ALTER INDEX champs_par_parcours RENAME TO anciens_champs_par_parcours;
ALTER INDEX dires_pkey RENAME TO anciens_dires_pkey;
ALTER INDEX dires_par_parcours RENAME TO anciens_dires_par_parcours;
ALTER TABLE parcours RENAME TO anciens_parcours;

-- An absorbed parcours leads to the one that absorbed it, no more to the last survivor.
UPDATE anciens_parcours p SET survivant = premiere.absorbe FROM (
    SELECT DISTINCT ON (nom) nom::uuid AS nom, s.key::uuid AS absorbe
    FROM anciennes_fusions f, jsonb_each(f.suivaient) AS s, jsonb_array_elements_text(s.value) AS nom
    ORDER BY nom, f.numero) AS premiere
WHERE p.id = premiere.nom AND p.survivant IS NOT NULL;

-- `etat`: the dossier, a cell of `coffre.keys`. `absorbe_par`: its messages reach that one.
CREATE TABLE dossiers (
    parcours    uuid PRIMARY KEY,
    absorbe_par uuid CHECK (absorbe_par <> parcours),
    etat        bytea NOT NULL
);
CREATE INDEX dossiers_absorbes ON dossiers (absorbe_par) WHERE absorbe_par IS NOT NULL;

-- All that changed each dossier, in order, told to partners or not.
CREATE TABLE histoire (
    dossier uuid NOT NULL,
    numero  bigint GENERATED ALWAYS AS IDENTITY,
    type    text NOT NULL,
    fait    bytea NOT NULL,
    PRIMARY KEY (dossier, numero)
);

-- The part of each fact that must not travel on the bus.
CREATE TABLE champs_proteges (
    fait     uuid PRIMARY KEY,
    parcours uuid NOT NULL,
    chiffre  bytea NOT NULL
);
CREATE INDEX champs_par_parcours ON champs_proteges (parcours);

-- Read tables, with `cles`: the engine replaces the rows of a dossier when they changed.
CREATE TABLE etats (
    parcours         uuid PRIMARY KEY,
    etat             text NOT NULL CHECK (etat IN ('ambigu', 'actif', 'clos', 'fusionne')),
    departement      text NOT NULL CHECK (departement ~ '^([0-9][0-9AB]|69[DM]|97[1-8])$'),
    transfert_vers   text,
    transfert_le     date,
    transfert_attend boolean NOT NULL CHECK (NOT transfert_attend OR transfert_vers IS NOT NULL),
    CHECK ((transfert_vers IS NULL) = (transfert_le IS NULL))
);
CREATE INDEX etats_en_attente ON etats (parcours) WHERE transfert_attend;

-- Under which names of their own partners speak of a parcours.
CREATE TABLE dires (
    alias    uuid PRIMARY KEY,
    parcours uuid NOT NULL,
    emetteur text NOT NULL
);
CREATE INDEX dires_par_parcours ON dires (parcours, emetteur);

-- Nothing is here in the clear.
CREATE TABLE scellements (
    nom      text PRIMARY KEY,
    acheve_a timestamptz NOT NULL
);
INSERT INTO scellements VALUES ('dossiers', now());

-- migrate: rollback
-- What was sealed under keys of its own is not sealed otherwise again: what was before is in the backup.
DROP TABLE scellements, dires, etats, champs_proteges, histoire, dossiers;
ALTER TABLE anciens_parcours RENAME TO parcours;
ALTER INDEX anciens_dires_pkey RENAME TO dires_pkey;
ALTER INDEX anciens_dires_par_parcours RENAME TO dires_par_parcours;
ALTER INDEX anciens_champs_par_parcours RENAME TO champs_par_parcours;
ALTER INDEX anciens_champs_pkey RENAME TO champs_proteges_pkey;
ALTER TABLE anciens_champs RENAME TO champs_proteges;
ALTER TABLE anciennes_fusions RENAME TO fusions;
ALTER TABLE anciens_dires RENAME TO dires;
ALTER TABLE anciens_coffres RENAME TO coffre;
