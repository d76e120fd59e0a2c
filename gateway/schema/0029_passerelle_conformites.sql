--certificates of conformance, and which partners must hold one
-- depends: 0028_passerelle_sceaux

-- migrate: apply

-- A certificate is made once a run that the hub drove or witnessed has passed. `abonnement` and `url`: the receiver that
-- was driven; it stands for no other address. `retire_a`: withdrawn before its end.
CREATE TABLE conformites (
    id            uuid PRIMARY KEY,
    partenaire    text NOT NULL REFERENCES partenaires,
    programme     text NOT NULL CHECK (programme IN ('emetteur', 'recepteur')),
    jws           text NOT NULL,
    abonnement    uuid,
    url           text,
    delivre_a     timestamptz NOT NULL,
    expire_a      timestamptz NOT NULL CHECK (delivre_a < expire_a),
    retire_a      timestamptz,
    motif_retrait text,
    CHECK ((programme = 'recepteur') = (abonnement IS NOT NULL)),
    CHECK ((abonnement IS NULL) = (url IS NULL)),
    CHECK ((retire_a IS NULL) = (motif_retrait IS NULL))
);
CREATE INDEX conformites_par_partenaire ON conformites (partenaire, programme, expire_a) WHERE retire_a IS NULL;

ALTER TABLE partenaires ADD COLUMN exige_certificat boolean NOT NULL DEFAULT false;

-- migrate: rollback
ALTER TABLE partenaires DROP COLUMN exige_certificat;
DROP TABLE conformites;
