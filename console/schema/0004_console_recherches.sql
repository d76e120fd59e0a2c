--the searches that operators keep
-- depends: 0002_console_operateurs

-- migrate: apply

-- `agent`: whose it is, as journals name it (`local/…`, `oidc/…`). `requete`: the address of the list, after its `?`.
CREATE TABLE recherches (
    agent   text NOT NULL,
    nom     text NOT NULL CHECK (length(nom) BETWEEN 1 AND 60),
    requete text NOT NULL CHECK (length(requete) <= 2000),
    PRIMARY KEY (agent, nom)
);

-- migrate: rollback
DROP TABLE recherches;
