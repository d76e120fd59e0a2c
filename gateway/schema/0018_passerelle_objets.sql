--objects by the key that their emitter gave, so that an `obj_…` reads back to one of them
-- depends: 0017_passerelle_distribution

-- migrate: apply

-- `parcours` is the one in which the key was given: a merge does not change it.
CREATE TABLE objets (
    id         uuid NOT NULL,
    nature     text NOT NULL,
    parcours   uuid NOT NULL,
    partenaire text NOT NULL,
    cle        text NOT NULL,
    PRIMARY KEY (id, nature)
);
CREATE INDEX objets_par_parcours ON objets (parcours);

-- migrate: rollback
DROP TABLE objets;
