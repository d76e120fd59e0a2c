--when each object of a person was last spoken of, by the instant of the fact
-- depends: 0006_chassis_effet

-- migrate: apply

-- `objet` is the key of one object; what was there before this table has no instant, and is changed by any message.
CREATE TABLE derniers_mots (
    objet   text PRIMARY KEY,
    agregat uuid,
    dit_a   timestamptz NOT NULL
);
CREATE INDEX derniers_mots_par_agregat ON derniers_mots (agregat);

-- migrate: rollback
DROP TABLE derniers_mots;
