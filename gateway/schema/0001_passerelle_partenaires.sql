--partners, their keys, and who takes part in which parcours
-- depends:

-- migrate: apply
CREATE TABLE partenaires (
    code            text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,30}$'),
    type_organisme  text NOT NULL,
    nom             text NOT NULL,
    departements    text[] NOT NULL,
    structures      jsonb NOT NULL,
    conventions     jsonb NOT NULL,
    scopes          text[] NOT NULL,
    etat            text NOT NULL CHECK (etat IN ('actif', 'suspendu')),
    modifie_a       timestamptz NOT NULL
);

CREATE TABLE cles_partenaire (
    partenaire text NOT NULL REFERENCES partenaires,
    kid        text NOT NULL,
    alg        text NOT NULL,
    jwk        jsonb NOT NULL CHECK (NOT jwk ? 'd'),
    debut      timestamptz NOT NULL,
    fin        timestamptz NOT NULL,
    PRIMARY KEY (partenaire, kid),
    CHECK (debut < fin)
);

-- Grows with every change of the two tables above: each process reloads its snapshot when it has moved.
CREATE SEQUENCE version_partenaires;

-- A role ends; the same partner may hold another, or enter again later.
CREATE TABLE participations (
    parcours   uuid NOT NULL,
    partenaire text NOT NULL REFERENCES partenaires,
    role       text NOT NULL,
    depuis     timestamptz NOT NULL,
    fin        timestamptz,
    PRIMARY KEY (parcours, partenaire, role)
);
CREATE INDEX participations_par_partenaire ON participations (partenaire, parcours) WHERE fin IS NULL;

-- After a fusion: where to find the survivor. Chains are collapsed when they are written.
CREATE TABLE alias (
    absorbe   uuid PRIMARY KEY,
    survivant uuid NOT NULL CHECK (survivant <> absorbe)
);
CREATE INDEX alias_par_survivant ON alias (survivant);

-- migrate: rollback
DROP TABLE alias, participations, cles_partenaire, partenaires;
DROP SEQUENCE version_partenaires;
