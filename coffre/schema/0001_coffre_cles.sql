--the keys under which all components seal what is about a person
-- depends:

-- migrate: apply

-- `enveloppe` is a random AES-256 key, wrapped by the master key of version `maitre`. `passage`: its hour, for a key that
-- seals what belongs to no parcours yet; it goes when nothing waits under it any more.
CREATE TABLE cles (
    id        uuid PRIMARY KEY,
    enveloppe bytea NOT NULL CHECK (octet_length(enveloppe) = 60),
    maitre    integer NOT NULL CHECK (maitre > 0),
    passage   timestamptz
);
CREATE INDEX cles_de_passage ON cles (passage) WHERE passage IS NOT NULL;

-- migrate: rollback
DROP TABLE cles;
