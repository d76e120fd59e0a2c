--erasures under way pass to the table that every service has; their messages are found in the stream by subject
-- depends: 0001_usagers_identites

-- migrate: apply

INSERT INTO oublis (agregat, garde, demande_a)
SELECT p.id, f.id, e.demande_a
FROM effacements e
JOIN parcours p ON p.id = e.parcours OR p.survivant = e.parcours
LEFT JOIN faits f ON f.agregat = p.id AND f.type = 'usager.efface'
WHERE e.acheve_a IS NULL;
DROP TABLE effacements;

-- migrate: rollback
CREATE TABLE effacements (
    parcours   uuid PRIMARY KEY REFERENCES parcours,
    demande_a  timestamptz NOT NULL,
    flux       bigint[] NOT NULL DEFAULT '{}',
    acheve_a   timestamptz
);
CREATE INDEX effacements_en_cours ON effacements (demande_a) WHERE acheve_a IS NULL;
