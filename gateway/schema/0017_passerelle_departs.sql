--roles that end on a day to come
-- depends: 0016_passerelle_liens_a_remettre

-- migrate: apply

-- The former territory of a parcours that moved takes part until `le`.
CREATE TABLE departs (
    parcours   uuid NOT NULL,
    partenaire text NOT NULL,
    role       text NOT NULL,
    le         timestamptz NOT NULL,
    PRIMARY KEY (parcours, partenaire, role)
);
CREATE INDEX departs_echus ON departs (le);

-- migrate: rollback
DROP TABLE departs;
