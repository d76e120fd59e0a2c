--the spans of the hub's traces, what each trace sums up to, and the ids by which an operator finds one
-- depends:

-- migrate: apply

-- `statut`: 0 unset, 1 ok, 2 error; `genre`: SpanKind of OTLP (2 server, 3 client). `issue`: what the span decided or
-- obtained, read once on arrival.
CREATE TABLE spans (
    trace_id  bytea NOT NULL CHECK (length(trace_id) = 16),
    span_id   bytea NOT NULL CHECK (length(span_id) = 8),
    parent_id bytea CHECK (length(parent_id) = 8),
    service   text NOT NULL,
    nom       text NOT NULL,
    genre     smallint NOT NULL,
    debut     timestamptz NOT NULL,
    fin       timestamptz NOT NULL CHECK (fin >= debut),
    statut    smallint NOT NULL,
    issue     text CHECK (issue IN ('accepte', 'refuse', 'attente', 'livre', 'echec', 'erreur')),
    attributs jsonb NOT NULL,
    liens     jsonb NOT NULL,
    PRIMARY KEY (trace_id, span_id)
);

-- One row per trace, brought up to date as its spans arrive: the list of traces reads nothing else. Only `debut` is
-- indexed, so that most updates stay on their page. `entrees` names the spans by which it came in; `types` are those that
-- were deposited; `est_message` is false for what only reads or authenticates.
CREATE TABLE traces (
    trace_id    bytea PRIMARY KEY,
    debut       timestamptz NOT NULL,
    fin         timestamptz NOT NULL,
    nombre      integer NOT NULL CHECK (nombre > 0),
    entrees     text[] NOT NULL,
    services    text[] NOT NULL,
    types       text[] NOT NULL,
    emetteurs   text[] NOT NULL,
    receveurs   text[] NOT NULL,
    issues      text[] NOT NULL,
    est_message boolean NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX traces_recentes ON traces (debut DESC, trace_id DESC);

-- Ids found in spans: a message under its sender's own id (`partenaire` is then the sender), a deposit, an event, or
-- another trace that a span links to.
CREATE TABLE reperes (
    valeur     text NOT NULL,
    partenaire text NOT NULL DEFAULT '',
    trace_id   bytea NOT NULL,
    PRIMARY KEY (valeur, partenaire, trace_id)
);
CREATE INDEX reperes_par_trace ON reperes (trace_id);

-- migrate: rollback

DROP TABLE reperes;
DROP TABLE traces;
DROP TABLE spans;
