--dossiers, the copy of their orientations, référents one after the other, followers, appointments
-- depends: 0001_chassis_socle

-- migrate: apply

-- An exclusion constraint compares the parcours with `=` in a GiST index.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

-- `absorbe_par`: this parcours is the same person as that one; its messages reach the survivor.
CREATE TABLE dossiers (
    parcours    uuid PRIMARY KEY,
    departement text NOT NULL,
    est_clos    boolean NOT NULL,
    absorbe_par uuid CHECK (absorbe_par <> parcours),
    CHECK (absorbe_par IS NULL OR est_clos)
);
CREATE INDEX dossiers_absorbes ON dossiers (absorbe_par) WHERE absorbe_par IS NOT NULL;

-- What `orientation` told, and what followed; `departement` took the decision.
CREATE TABLE orientations (
    parcours          uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    rang              integer NOT NULL CHECK (rang > 0),
    departement       text NOT NULL,
    structure_systeme text NOT NULL,
    structure_valeur  text NOT NULL,
    structure_nom     text NOT NULL,
    date_decision     date NOT NULL,
    date_debut        date NOT NULL,
    date_fin          date CHECK (date_fin >= date_debut),
    est_close         boolean NOT NULL,
    date_echeance     date NOT NULL CHECK (date_echeance > date_decision),
    referent_le       date,
    premier_rdv_le    date,
    PRIMARY KEY (parcours, rang),
    CHECK (NOT est_close OR date_fin IS NOT NULL)
);
CREATE UNIQUE INDEX orientations_une_ouverte ON orientations (parcours) WHERE NOT est_close;
CREATE INDEX orientations_par_mois ON orientations (departement, date_decision);

-- Proposed while `acceptee_le` is null, in force while `issue` is null. One that ended before it began has its
-- `date_fin` on the eve of its `date_debut`.
CREATE TABLE designations (
    parcours          uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    numero            integer NOT NULL CHECK (numero > 0),
    rang              integer NOT NULL CHECK (rang > 0),
    nom               text NOT NULL,
    prenom            text NOT NULL,
    courriel          text NOT NULL,
    telephone         text,
    identifiant_agent text NOT NULL,
    structure_systeme text NOT NULL,
    structure_valeur  text NOT NULL,
    structure_nom     text NOT NULL,
    date_debut        date NOT NULL,
    designee_le       date NOT NULL,
    acceptee_le       date,
    issue             text
        CHECK (issue IN ('declinee', 'remplacee', 'terminee', 'orientation', 'cloture', 'fusion')),
    date_fin          date CHECK (date_fin >= date_debut - 1),
    motif_fin         text,
    PRIMARY KEY (parcours, numero),
    CHECK ((issue IS NOT NULL AND issue <> 'declinee') = (date_fin IS NOT NULL)),
    CHECK (issue IS DISTINCT FROM 'declinee' OR acceptee_le IS NULL),
    CHECK ((issue IS NULL) = (motif_fin IS NULL)),
    -- Nobody has two référents on the same day, those ended in advance included.
    CONSTRAINT designations_sans_chevauchement
        EXCLUDE USING gist (parcours WITH =, daterange(date_debut, date_fin + 1) WITH &&)
        WHERE (acceptee_le IS NOT NULL)
) WITH (fillfactor = 80);
-- At most one référent unique, and none proposed beside it.
CREATE UNIQUE INDEX designations_une_en_cours ON designations (parcours) WHERE issue IS NULL;
CREATE INDEX designations_par_structure ON designations (structure_systeme, structure_valeur, parcours)
    WHERE acceptee_le IS NOT NULL;

CREATE TABLE accompagnants (
    parcours          uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    numero            integer NOT NULL CHECK (numero > 0),
    nom               text NOT NULL,
    prenom            text NOT NULL,
    courriel          text NOT NULL,
    telephone         text,
    identifiant_agent text NOT NULL,
    structure_systeme text NOT NULL,
    structure_valeur  text NOT NULL,
    structure_nom     text NOT NULL,
    role              text NOT NULL,
    date_debut        date NOT NULL,
    date_fin          date CHECK (date_fin >= date_debut),
    motif_fin         text CHECK (motif_fin IS NULL OR date_fin IS NOT NULL),
    PRIMARY KEY (parcours, numero)
);
CREATE UNIQUE INDEX accompagnants_en_cours
    ON accompagnants (parcours, structure_systeme, structure_valeur, identifiant_agent) WHERE date_fin IS NULL;

CREATE TABLE rendez_vous (
    parcours     uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    rdv_id       text NOT NULL,
    numero       integer NOT NULL CHECK (numero > 0),
    motif        text NOT NULL,
    debut        timestamptz NOT NULL,
    duree_min    integer NOT NULL CHECK (duree_min > 0),
    modalite     text NOT NULL,
    forme        text NOT NULL,
    lieu         text,
    statut       text NOT NULL CHECK (statut IN ('planifie', 'honore', 'non-honore', 'annule')),
    annule_par   text CHECK (annule_par IN ('usager', 'structure')),
    organisateur text NOT NULL,
    rang         integer CHECK (rang > 0),
    constate_a   timestamptz,
    PRIMARY KEY (parcours, rdv_id),
    CHECK ((statut = 'annule') = (annule_par IS NOT NULL)),
    CHECK ((statut IN ('honore', 'non-honore')) = (constate_a IS NOT NULL)),
    -- A future appointment cannot be honoured.
    CHECK (constate_a >= debut)
);
CREATE INDEX rendez_vous_a_venir ON rendez_vous (parcours, debut) WHERE statut = 'planifie';

-- migrate: rollback
DROP TABLE rendez_vous, accompagnants, designations, orientations, dossiers;
