--who publishes under which source, and the prescriptions of each parcours
-- depends: 0001_offres_catalogue

-- migrate: apply

-- A source belongs to the first partner that publishes under it.
CREATE TABLE sources_liees (
    source     text PRIMARY KEY,
    partenaire text NOT NULL
);

-- `absorbe_par`: this parcours is the same person as that one; its messages reach the survivor.
CREATE TABLE dossiers (
    parcours    uuid PRIMARY KEY,
    departement text NOT NULL,
    est_clos    boolean NOT NULL,
    absorbe_par uuid CHECK (absorbe_par <> parcours),
    CHECK (absorbe_par IS NULL OR est_clos)
);
CREATE INDEX dossiers_absorbes ON dossiers (absorbe_par) WHERE absorbe_par IS NOT NULL;

-- The service as it was when the prescription was emitted; `departement` is that of the parcours then.
CREATE TABLE prescriptions (
    parcours        uuid NOT NULL REFERENCES dossiers ON DELETE CASCADE,
    prescription_id text NOT NULL,
    numero          integer NOT NULL CHECK (numero > 0),
    service_id      text NOT NULL,
    structure_id    text NOT NULL,
    structure_nom   text NOT NULL,
    siret           text,
    prescripteur    text NOT NULL,
    departement     text NOT NULL,
    emise_le        date NOT NULL,
    action_id       text,
    etat            text NOT NULL CHECK (etat IN
        ('emise', 'a-l-etude', 'acceptee', 'commencee', 'terminee', 'refusee', 'annulee', 'expiree')),
    repondue_le     date CHECK (repondue_le >= emise_le),
    relances        integer NOT NULL CHECK (relances BETWEEN 0 AND 5),
    fin_le          date CHECK (fin_le >= emise_le),
    motifs          text[] NOT NULL,
    issue           text,
    PRIMARY KEY (parcours, prescription_id),
    UNIQUE (parcours, numero),
    CHECK ((etat IN ('terminee', 'refusee', 'annulee', 'expiree')) = (fin_le IS NOT NULL)),
    CHECK ((etat = 'refusee') = (cardinality(motifs) > 0)),
    CHECK ((etat = 'terminee') = (issue IS NOT NULL)),
    CHECK (etat <> 'emise' OR repondue_le IS NULL),
    CHECK (etat IN ('emise', 'annulee', 'expiree') OR repondue_le IS NOT NULL)
) WITH (fillfactor = 80);
-- What a withdrawal expires.
CREATE INDEX prescriptions_en_attente ON prescriptions (service_id) WHERE etat IN ('emise', 'a-l-etude');
CREATE INDEX prescriptions_par_departement ON prescriptions (departement, emise_le);

-- migrate: rollback
DROP TABLE prescriptions, dossiers, sources_liees;
