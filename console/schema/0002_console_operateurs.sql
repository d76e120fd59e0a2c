--operators of the embedded hub, the sessions of all, and what each did here
-- depends: 0001_console_traces

-- migrate: apply

-- `condensat`: Argon2id in its own writing (PHC). Operators of a provider of identities have no row.
CREATE TABLE operateurs (
    nom       text PRIMARY KEY CHECK (nom ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    role      text NOT NULL CHECK (role IN ('lecture', 'exploitation', 'administration')),
    condensat text NOT NULL,
    cree_a    timestamptz NOT NULL DEFAULT now()
);

-- `empreinte`: SHA-256 of what the browser holds; the table opens no session to whoever reads it.
CREATE TABLE sessions (
    empreinte bytea PRIMARY KEY CHECK (length(empreinte) = 32),
    origine   text NOT NULL CHECK (origine IN ('local', 'oidc')),
    operateur text NOT NULL,
    role      text NOT NULL CHECK (role IN ('lecture', 'exploitation', 'administration')),
    ouverte_a timestamptz NOT NULL,
    vue_a     timestamptz NOT NULL
);

-- Written once: who came in, who could not, who left.
CREATE TABLE gestes (
    numero     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a          timestamptz NOT NULL DEFAULT now(),
    geste      text NOT NULL CHECK (geste IN ('entree', 'entree-refusee', 'sortie')),
    origine    text NOT NULL,
    operateur  text NOT NULL,
    provenance text
);
REVOKE UPDATE, DELETE ON gestes FROM console;

-- migrate: rollback
DROP TABLE gestes, sessions, operateurs;
