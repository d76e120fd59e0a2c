--client certificates, secrets of the profil hérité, and to what the token of an access was bound
-- depends: 0007_passerelle_rejeux

-- migrate: apply

-- `empreinte` is the `x5t#S256` of the certificate: it leads to one partner only.
CREATE TABLE certificats_partenaire (
    empreinte  text PRIMARY KEY CHECK (empreinte ~ '^[A-Za-z0-9_-]{43}$'),
    partenaire text NOT NULL REFERENCES partenaires,
    debut      timestamptz NOT NULL,
    fin        timestamptz NOT NULL CHECK (debut < fin)
);
CREATE INDEX certificats_par_partenaire ON certificats_partenaire (partenaire);

-- A partner with a row here is in the profil hérité, also once its secrets have expired: an operator takes it out.
CREATE TABLE secrets_herites (
    partenaire text NOT NULL REFERENCES partenaires,
    empreinte  bytea NOT NULL CHECK (octet_length(empreinte) = 32),
    cree_a     timestamptz NOT NULL,
    expire_le  timestamptz NOT NULL CHECK (cree_a <= expire_le AND expire_le <= cree_a + interval '400 days'),
    PRIMARY KEY (partenaire, empreinte)
);

-- In the place of the sequence, which moved before its transaction was committed: a process that looked in between kept
-- the old rows under the new number.
CREATE TABLE changements_partenaires (
    seul    boolean PRIMARY KEY DEFAULT true CHECK (seul),
    version bigint NOT NULL
);
INSERT INTO changements_partenaires (version) SELECT last_value FROM version_partenaires;
DROP SEQUENCE version_partenaires;

-- Null for what came before: then every token was bound to a DPoP key.
ALTER TABLE acces ADD COLUMN liaison text CHECK (liaison IN ('dpop', 'certificat', 'aucune'));
CREATE INDEX acces_sans_liaison ON acces (partenaire, a) WHERE liaison = 'aucune';

-- migrate: rollback
CREATE SEQUENCE version_partenaires;
SELECT setval('version_partenaires', greatest(version, 1)) FROM changements_partenaires;
DROP TABLE changements_partenaires;
DROP INDEX acces_sans_liaison;
ALTER TABLE acces DROP COLUMN liaison;
DROP TABLE secrets_herites, certificats_partenaire;
