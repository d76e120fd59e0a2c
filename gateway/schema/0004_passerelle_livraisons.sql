--the events as fanned out: one row per recipient, pulled by the feed and pushed to its subscriptions
-- depends: 0003_passerelle_journal

-- migrate: apply

-- How far each aggregate of each brique was fanned out (same shape as the table of the services).
CREATE TABLE positions (
    brique   text NOT NULL,
    agregat  uuid NOT NULL,
    sequence integer NOT NULL,
    PRIMARY KEY (brique, agregat)
);

-- What could not be fanned out, set aside so that it blocks no other: references only, like everything here.
CREATE TABLE rebut (
    id       uuid PRIMARY KEY,
    brique   text NOT NULL,
    agregat  uuid NOT NULL,
    sequence integer NOT NULL,
    corps    jsonb NOT NULL,
    raison   text NOT NULL,
    parque_a timestamptz NOT NULL
);

-- The event as it came on the bus: references only, never an identity. `parcours` is the aggregate: for the offer, the
-- structure or the service.
CREATE TABLE evenements (
    id       uuid PRIMARY KEY,
    parcours uuid NOT NULL,
    type     text NOT NULL,
    corps    jsonb NOT NULL,
    recu_a   timestamptz NOT NULL
);
CREATE INDEX evenements_par_parcours ON evenements (parcours);

-- `numero` is given under the fan-out lock, so a higher one is never visible before a lower one: a cursor misses nothing.
CREATE TABLE livraisons (
    numero     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partenaire text NOT NULL REFERENCES partenaires,
    evenement  uuid NOT NULL REFERENCES evenements ON DELETE CASCADE,
    parcours   uuid NOT NULL,
    type       text NOT NULL,
    roles      text[] NOT NULL,
    a          timestamptz NOT NULL,
    UNIQUE (partenaire, evenement)
);
CREATE INDEX livraisons_par_partenaire ON livraisons (partenaire, numero);

CREATE TABLE curseurs (
    partenaire text PRIMARY KEY REFERENCES partenaires,
    numero     bigint NOT NULL,
    acquitte_a timestamptz NOT NULL
);

-- `echecs` counts the failures in a row of the endpoint as a whole, `rouvre_a` holds deliveries back until then.
CREATE TABLE abonnements (
    id              uuid PRIMARY KEY,
    partenaire      text NOT NULL REFERENCES partenaires,
    url             text NOT NULL,
    types           text[] NOT NULL,
    lot             integer NOT NULL CHECK (lot BETWEEN 1 AND 100),
    etat            text NOT NULL CHECK (etat IN ('a-verifier', 'actif', 'inactif', 'suspendu')),
    secret          bytea NOT NULL,
    secret_ancien   bytea,
    ancien_jusqua   timestamptz,
    cree_a          timestamptz NOT NULL,
    echecs          integer NOT NULL DEFAULT 0,
    premier_echec_a timestamptz,
    dernier_echec   uuid,
    rouvre_a        timestamptz,
    -- A test delivery that the partner asked for, and how the last one ended.
    essai_demande_a timestamptz,
    essai_a         timestamptz,
    essai_code      integer,
    essai_erreur    text,
    CHECK ((echecs = 0) = (premier_echec_a IS NULL)),
    CHECK ((secret_ancien IS NULL) = (ancien_jusqua IS NULL))
);
CREATE INDEX abonnements_par_partenaire ON abonnements (partenaire);

-- One queue per (subscription, parcours): its head is retried, its neighbours go on. `essais` > 0: it is parked, until
-- `prochain_a`; without a date, until somebody asks for a redelivery.
CREATE TABLE files (
    abonnement      uuid NOT NULL REFERENCES abonnements ON DELETE CASCADE,
    parcours        uuid NOT NULL,
    restants        integer NOT NULL CHECK (restants >= 0),
    essais          integer NOT NULL DEFAULT 0,
    premier_echec_a timestamptz,
    prochain_a      timestamptz,
    bail_jusqua     timestamptz,
    PRIMARY KEY (abonnement, parcours),
    CHECK ((essais = 0) = (premier_echec_a IS NULL)),
    CHECK (prochain_a IS NOT NULL OR essais > 0)
);
CREATE INDEX files_pretes ON files (abonnement, prochain_a) WHERE restants > 0;

-- `sans-objet`: its receiver may no longer see anything of it, so there is nothing to deliver.
CREATE TABLE envois (
    abonnement uuid NOT NULL REFERENCES abonnements ON DELETE CASCADE,
    livraison  bigint NOT NULL REFERENCES livraisons ON DELETE CASCADE,
    parcours   uuid NOT NULL,
    etat       text NOT NULL DEFAULT 'a-livrer' CHECK (etat IN ('a-livrer', 'livre', 'sans-objet')),
    essais     integer NOT NULL DEFAULT 0,
    code       integer,
    erreur     text,
    essaye_a   timestamptz,
    PRIMARY KEY (abonnement, livraison)
);
CREATE INDEX envois_a_livrer ON envois (abonnement, parcours, livraison) WHERE etat = 'a-livrer';
-- For the cascade of an erasure.
CREATE INDEX envois_par_livraison ON envois (livraison);
CREATE INDEX livraisons_par_evenement ON livraisons (evenement);

-- migrate: rollback
DROP TABLE envois, files, abonnements, curseurs, livraisons, evenements, rebut, positions;
