--the moves that wait to be confirmed, and the deposits that wait behind one
-- depends: 0022_passerelle_tours

-- migrate: apply
CREATE TABLE transferts_a_confirmer (
    parcours    uuid NOT NULL,
    departement text NOT NULL,
    PRIMARY KEY (parcours, departement)
);

-- What waits behind older deposits of its parcours is judged once more when its turn comes: these may have moved it.
ALTER TABLE depots ADD COLUMN a_rejuger boolean NOT NULL DEFAULT false;

-- migrate: rollback
ALTER TABLE depots DROP COLUMN a_rejuger;
DROP TABLE transferts_a_confirmer;
