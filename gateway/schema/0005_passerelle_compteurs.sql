--what each partner has used of its quotas, and how to find a period in the journal and in the deliveries
-- depends: 0004_passerelle_livraisons

-- migrate: apply

-- Shared by all processes of the door: each adds its own count every second.
CREATE TABLE compteurs (
    partenaire text NOT NULL,
    nature     text NOT NULL CHECK (nature IN ('requetes', 'recherches')),
    debut      timestamptz NOT NULL,
    nombre     bigint NOT NULL CHECK (nombre >= 0),
    PRIMARY KEY (partenaire, nature, debut)
);
CREATE INDEX compteurs_debut ON compteurs (debut);

-- Both tables grow in the order of these dates: a block range index finds a period and costs next to nothing.
CREATE INDEX depots_par_reception ON depots USING brin (recu_a);
CREATE INDEX livraisons_par_date ON livraisons USING brin (a);

-- migrate: rollback
DROP INDEX livraisons_par_date, depots_par_reception;
DROP TABLE compteurs;
