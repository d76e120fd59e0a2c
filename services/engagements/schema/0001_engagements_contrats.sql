--dossiers, contracts, months to sign, failures to comply and sanctions
-- depends: 0001_chassis_socle

-- migrate: apply

-- `absorbe_par`: this parcours is the same person as that one; its messages reach the survivor. `orientation` and
-- `referent` are small copies of what siblings tell; `reexamen_du_le` is the due date once it was told.
CREATE TABLE dossiers (
    parcours        uuid PRIMARY KEY,
    departement     text NOT NULL,
    est_clos        boolean NOT NULL,
    absorbe_par     uuid CHECK (absorbe_par <> parcours),
    orientation     jsonb,
    referent        text CHECK (referent IN ('propose', 'actif')),
    criteres        jsonb NOT NULL,
    reexamen_depuis date,
    reexamen_du_le  date CHECK (reexamen_du_le > reexamen_depuis),
    CHECK (absorbe_par IS NULL OR est_clos),
    CHECK (reexamen_depuis IS NULL OR (orientation IS NOT NULL AND NOT est_clos))
);
CREATE INDEX dossiers_absorbes ON dossiers (absorbe_par) WHERE absorbe_par IS NOT NULL;

-- `engagements` and `histoire` are objects of lists: {usager, organisme} and {signataires, suspensions, bilans}.
CREATE TABLE contrats (
    parcours         uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    numero           integer NOT NULL CHECK (numero > 0),
    contrat_id       text NOT NULL,
    date_debut       date NOT NULL,
    duree_mois       integer NOT NULL CHECK (duree_mois BETWEEN 1 AND 36),
    engagements      jsonb NOT NULL,
    motif_dispense   text,
    proposeur        text NOT NULL,
    proposeur_role   text NOT NULL,
    etat             text NOT NULL CHECK (etat IN ('a-signer', 'signe', 'refuse', 'suspendu', 'clos')),
    date_signature   date,
    est_hors_delai   boolean NOT NULL,
    date_refus       date,
    motif_refus      text,
    cause            text CHECK (cause IN ('reorientation', 'transfert', 'modification-essentielle')),
    suspendu_le      date CHECK (suspendu_le >= date_signature),
    date_cloture     date,
    motif_cloture    text,
    histoire         jsonb NOT NULL,
    PRIMARY KEY (parcours, numero),
    CONSTRAINT contrats_engagements_reciproques CHECK (
        jsonb_array_length(engagements -> 'usager') > 0 AND jsonb_array_length(engagements -> 'organisme') > 0),
    CONSTRAINT contrats_signes_dates CHECK (etat NOT IN ('signe', 'suspendu') OR date_signature IS NOT NULL),
    CHECK (NOT est_hors_delai OR date_signature IS NOT NULL),
    CHECK (etat <> 'refuse' OR date_refus IS NOT NULL),
    CHECK ((etat = 'suspendu') = (suspendu_le IS NOT NULL)),
    CHECK ((etat = 'clos') = (date_cloture IS NOT NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX contrats_un_en_vigueur ON contrats (parcours) WHERE etat IN ('signe', 'suspendu');
CREATE UNIQUE INDEX contrats_un_en_attente ON contrats (parcours) WHERE etat IN ('a-signer', 'refuse');

-- The month that each notification opened. `date_echeance` is its last day as it was counted then.
CREATE TABLE delais (
    parcours          uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    numero            integer NOT NULL CHECK (numero > 0),
    departement       text NOT NULL,
    date_notification date NOT NULL,
    date_echeance     date NOT NULL CHECK (date_echeance > date_notification),
    est_en_retard     boolean NOT NULL,
    issue             text CHECK (issue IN ('signee', 'remplacee', 'transferee', 'fusionnee', 'close')),
    signe_le          date,
    PRIMARY KEY (parcours, numero),
    CHECK ((issue IS NOT DISTINCT FROM 'signee') = (signe_le IS NOT NULL))
);
CREATE UNIQUE INDEX delais_un_en_cours ON delais (parcours) WHERE issue IS NULL;
CREATE INDEX delais_par_mois ON delais (departement, date_notification);

CREATE TABLE manquements (
    parcours      uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    manquement_id text NOT NULL,
    nature        text NOT NULL,
    rang          text NOT NULL,
    date_constat  date NOT NULL,
    faits         text NOT NULL,
    PRIMARY KEY (parcours, manquement_id)
);

CREATE TABLE sanctions (
    parcours          uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    numero            integer NOT NULL CHECK (numero > 0),
    sanction_id       text NOT NULL,
    manquement_id     text,
    nature            text NOT NULL,
    rang              text NOT NULL,
    type              text NOT NULL,
    modalite          text,
    montant           double precision,
    duree_mois        integer CHECK (duree_mois BETWEEN 1 AND 4),
    etat              text NOT NULL CHECK (etat IN ('proposee', 'decidee', 'levee')),
    date_proposition  date,
    est_hors_delai    boolean NOT NULL,
    date_notification date CHECK (date_notification >= date_proposition),
    date_levee        date CHECK (date_levee >= date_notification),
    motif_levee       text,
    PRIMARY KEY (parcours, numero),
    UNIQUE (parcours, sanction_id),
    CHECK (modalite IS DISTINCT FROM 'pourcentage' OR montant BETWEEN 30 AND 100),
    CHECK (etat <> 'proposee' OR date_proposition IS NOT NULL),
    CHECK ((etat = 'proposee') = (date_notification IS NULL)),
    CHECK ((etat = 'levee') = (date_levee IS NOT NULL))
);

-- migrate: rollback
DROP TABLE sanctions, manquements, delais, contrats, dossiers;
