--what the door has answered for and is not told yet, what waits to be told, and what nobody was there to receive
-- depends: 0015_passerelle_retenus 0016_passerelle_liens_a_remettre

-- migrate: apply

-- Written with the settlement of its deposit, deleted when it is told. What stays was accepted and reached nobody.
CREATE TABLE promis (
    evenement uuid PRIMARY KEY,
    parcours  uuid NOT NULL,
    brique    text NOT NULL,
    depot     uuid NOT NULL
);
CREATE INDEX promis_par_parcours ON promis (parcours);

-- An event whose turn has not come. The stream may forget it; it waits here, for `attend`.
CREATE TABLE retenus (
    id       uuid PRIMARY KEY,
    type     text NOT NULL,
    brique   text NOT NULL,
    agregat  uuid NOT NULL,
    sequence integer NOT NULL,
    entree   jsonb NOT NULL,
    attend   text NOT NULL CHECK (attend IN ('suite', 'ouverture', 'precedent', 'cause', 'rebut')),
    depuis   timestamptz NOT NULL,
    vu_a     timestamptz NOT NULL
);
CREATE INDEX retenus_par_agregat ON retenus (agregat);
CREATE INDEX retenus_a_revoir ON retenus (vu_a);

-- An event that was told to nobody, and why; no content. The offer is only counted: it is large, and of no person.
CREATE TABLE sans_destinataire (
    evenement uuid PRIMARY KEY,
    parcours  uuid NOT NULL,
    type      text NOT NULL,
    motif     text NOT NULL,
    a         timestamptz NOT NULL
);
CREATE INDEX sans_destinataire_par_parcours ON sans_destinataire (parcours);
CREATE TABLE sans_destinataire_comptes (
    motif  text NOT NULL,
    type   text NOT NULL,
    nombre bigint NOT NULL,
    PRIMARY KEY (motif, type)
);

-- migrate: rollback
DROP TABLE sans_destinataire_comptes, sans_destinataire, retenus, promis;
