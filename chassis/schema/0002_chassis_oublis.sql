--what the erasure of a person leaves: the ids of its aggregates, until the stream has forgotten them too and after
-- depends: 0001_chassis_socle

-- migrate: apply

-- An id alone says nothing. `garde` is the one fact that stays, the one that tells the erasure.
CREATE TABLE oublis (
    agregat   uuid PRIMARY KEY,
    garde     uuid,
    demande_a timestamptz NOT NULL DEFAULT now(),
    acheve_a  timestamptz
);
CREATE INDEX oublis_en_cours ON oublis (demande_a) WHERE acheve_a IS NULL;

-- migrate: rollback
DROP TABLE oublis;
