--what operators did to the hub: who, when, what, and how it was before and after
-- depends: 0031_passerelle_chemins

-- migrate: apply

-- Written once. `id`: the same request does nothing twice. `confirme_par`: the second pair of eyes.
CREATE TABLE administration (
    numero       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           uuid NOT NULL UNIQUE,
    a            timestamptz NOT NULL,
    acte         text NOT NULL,
    par          text NOT NULL,
    confirme_par text CHECK (confirme_par <> par),
    objet        text NOT NULL,
    demande      jsonb NOT NULL,
    avant        jsonb,
    apres        jsonb
);
CREATE INDEX administration_par_objet ON administration (objet, numero);
REVOKE UPDATE, DELETE, TRUNCATE ON administration FROM passerelle;

-- migrate: rollback
DROP TABLE administration;
