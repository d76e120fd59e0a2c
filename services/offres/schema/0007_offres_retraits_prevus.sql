--what is to leave the offer on a day to come
-- depends: 0006_offres_demandes

-- migrate: apply

-- `effet_a`: the beginning of that day in the territory. Until then it is offered like the rest.
CREATE TABLE retraits_prevus (
    genre   text NOT NULL CHECK (genre IN ('structure', 'service')),
    id      text NOT NULL,
    date    date NOT NULL,
    raison  text NOT NULL,
    effet_a timestamptz NOT NULL,
    PRIMARY KEY (genre, id)
);
CREATE INDEX retraits_prevus_dus ON retraits_prevus (effet_a);

-- migrate: rollback
DROP TABLE retraits_prevus;
