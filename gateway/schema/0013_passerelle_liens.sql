--the links by which a structure without any system answers a prescription
-- depends: 0012_passerelle_prescriptions

-- migrate: apply

-- The link itself is signed and holds this id only. That it answers once is kept by the journal, not here.
CREATE TABLE liens_de_reponse (
    id              uuid PRIMARY KEY,
    parcours        uuid NOT NULL,
    prescription_id text NOT NULL,
    cree_par        text NOT NULL,
    cree_a          timestamptz NOT NULL,
    expire_a        timestamptz NOT NULL CHECK (expire_a > cree_a)
);
CREATE INDEX liens_de_reponse_par_parcours ON liens_de_reponse (parcours);

-- migrate: rollback
DROP TABLE liens_de_reponse;
