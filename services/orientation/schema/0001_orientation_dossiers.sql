--dossiers, requests, orientations, and what each département sets: its rules and its delegations
-- depends: 0001_chassis_socle

-- migrate: apply

-- An exclusion constraint compares the parcours with `=` in a GiST index.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

-- `absorbe_par`: this parcours is the same person as that one; its messages reach the survivor.
CREATE TABLE dossiers (
    parcours       uuid PRIMARY KEY,
    departement    text NOT NULL,
    brsa           boolean NOT NULL,
    est_clos       boolean NOT NULL,
    absorbe_par    uuid CHECK (absorbe_par <> parcours),
    criteres       jsonb NOT NULL,
    contraintes    jsonb NOT NULL,
    preconisation  jsonb,
    reorientation  jsonb,
    CHECK (absorbe_par IS NULL OR est_clos)
);
CREATE INDEX dossiers_absorbes ON dossiers (absorbe_par) WHERE absorbe_par IS NOT NULL;

-- `date_echeance` is the last day of the legal delay as it was when the request was received.
CREATE TABLE demandes (
    parcours       uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    numero         integer NOT NULL CHECK (numero > 0),
    departement    text NOT NULL,
    date_reception date NOT NULL,
    date_echeance  date NOT NULL CHECK (date_echeance > date_reception),
    motif          text,
    est_dessaisie  boolean NOT NULL,
    issue          text CHECK (issue IN ('decidee', 'transferee', 'fusionnee', 'close')),
    decidee_le     date,
    PRIMARY KEY (parcours, numero),
    CHECK ((issue IS NOT DISTINCT FROM 'decidee') = (decidee_le IS NOT NULL))
);
CREATE UNIQUE INDEX demandes_une_en_attente ON demandes (parcours) WHERE issue IS NULL;
CREATE INDEX demandes_par_mois ON demandes (departement, date_reception);

CREATE TABLE orientations (
    parcours          uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    rang              integer NOT NULL CHECK (rang > 0),
    parcours_type     text NOT NULL CHECK (parcours_type IN ('emploi', 'socio-professionnel', 'social')),
    organisme         text NOT NULL,
    structure_systeme text NOT NULL,
    structure_valeur  text NOT NULL,
    structure_nom     text NOT NULL,
    date_decision     date NOT NULL,
    date_debut        date NOT NULL,
    date_fin          date,
    est_close         boolean NOT NULL,
    motif_fin         text,
    motif_refus       text,
    commentaire_refus text,
    notifiee_le       date CHECK (notifiee_le >= date_decision),
    decideur          text NOT NULL,
    decideur_role     text NOT NULL,
    PRIMARY KEY (parcours, rang),
    CHECK (date_fin >= date_debut),
    CHECK (NOT est_close OR date_fin IS NOT NULL),
    CHECK (commentaire_refus IS NULL OR motif_refus IS NOT NULL),
    -- Deferred: a decision cuts the previous orientation and opens its own in one statement.
    CONSTRAINT orientations_sans_chevauchement
        EXCLUDE USING gist (parcours WITH =, daterange(date_debut, date_fin, '[]') WITH &&)
        DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX orientations_une_ouverte ON orientations (parcours) WHERE NOT est_close;

-- The rules of one département replace the default ones (services/orientation/domain/regles.py) as a whole.
CREATE TABLE regles (
    departement   text NOT NULL,
    critere       text NOT NULL CHECK (critere ~ '^[a-z0-9_]{1,64}$'),
    valeur        text NOT NULL CHECK (length(valeur) BETWEEN 1 AND 200),
    priorite      integer NOT NULL,
    parcours_type text CHECK (parcours_type IN ('emploi', 'socio-professionnel', 'social')),
    organisme     text
        CHECK (organisme IN ('departement', 'delegataire', 'france-travail', 'mission-locale', 'cap-emploi')),
    explication   text NOT NULL CHECK (length(explication) BETWEEN 1 AND 1000),
    PRIMARY KEY (departement, critere, valeur),
    CHECK (parcours_type IS NOT NULL OR organisme IS NOT NULL)
);

-- A département may let another kind of organisation orient the beneficiaries of the RSA in its name.
CREATE TABLE delegations (
    departement    text NOT NULL,
    type_organisme text NOT NULL CHECK (type_organisme IN ('france-travail', 'mission-locale', 'cap-emploi')),
    PRIMARY KEY (departement, type_organisme)
);

-- migrate: rollback
DROP TABLE delegations, regles, orientations, demandes, dossiers;
