--parcours in intermediate archive, and who may read one of them for a while
-- depends: 0017_passerelle_acces_chaines 0018_passerelle_reperes 0018_passerelle_signalements

-- migrate: apply
-- `derniere_a` is the last communication of a partner; its next one takes the parcours out of the archive. The row goes
-- with the person.
CREATE TABLE archives (
    parcours   uuid PRIMARY KEY,
    derniere_a timestamptz NOT NULL,
    depuis     timestamptz NOT NULL,
    efface_a   timestamptz
);

-- Opened by an operator, with a motive; the access journal has a row of it.
CREATE TABLE archives_ouvertes (
    parcours   uuid NOT NULL REFERENCES archives ON DELETE CASCADE,
    partenaire text NOT NULL,
    motif      text NOT NULL CHECK (length(motif) BETWEEN 10 AND 500),
    agent      text NOT NULL,
    ouvert_a   timestamptz NOT NULL,
    jusqua     timestamptz NOT NULL CHECK (ouvert_a < jusqua AND jusqua <= ouvert_a + interval '31 days'),
    PRIMARY KEY (parcours, partenaire, ouvert_a)
);
REVOKE UPDATE, DELETE, TRUNCATE ON archives_ouvertes FROM passerelle;

-- migrate: rollback
DROP TABLE archives_ouvertes, archives;
