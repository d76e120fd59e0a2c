--what operators are told of by itself: thresholds, whom to tell, what is open, what was sent
-- depends: 0038_passerelle_exploitation

-- migrate: apply

-- What differs from the thresholds that are shipped.
CREATE TABLE alertes_seuils (
    nature   text PRIMARY KEY,
    seuil    double precision NOT NULL CHECK (seuil >= 0),
    actif    boolean NOT NULL,
    change_a timestamptz NOT NULL
);

CREATE TABLE alertes_destinataires (
    id       uuid PRIMARY KEY,
    canal    text NOT NULL CHECK (canal IN ('courriel', 'webhook')),
    adresse  text NOT NULL CHECK (length(adresse) <= 500),
    ajoute_a timestamptz NOT NULL,
    UNIQUE (canal, adresse)
);

-- One open row per thing that is wrong. `vue_a`: the last time it was; it closes once it has been well for a while.
CREATE TABLE alertes (
    id           uuid PRIMARY KEY,
    nature       text NOT NULL,
    objet        text NOT NULL,
    valeur       double precision NOT NULL,
    seuil        double precision NOT NULL,
    ouverte_a    timestamptz NOT NULL,
    vue_a        timestamptz NOT NULL,
    close_a      timestamptz,
    acquittee_a  timestamptz,
    acquittee_par text,
    note         text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    CHECK ((acquittee_a IS NULL) = (acquittee_par IS NULL))
);
CREATE UNIQUE INDEX alertes_ouvertes ON alertes (nature, objet) WHERE close_a IS NULL;
CREATE INDEX alertes_par_date ON alertes (ouverte_a);

-- One message per alarm, moment and addressee: the key keeps a second one from being written.
CREATE TABLE alertes_envois (
    alerte       uuid NOT NULL REFERENCES alertes ON DELETE CASCADE,
    moment       text NOT NULL CHECK (moment IN ('ouverture', 'fin')),
    destinataire uuid NOT NULL REFERENCES alertes_destinataires ON DELETE CASCADE,
    etat         text NOT NULL DEFAULT 'a-envoyer' CHECK (etat IN ('a-envoyer', 'envoye', 'abandonne')),
    essais       integer NOT NULL DEFAULT 0,
    prochain_a   timestamptz NOT NULL,
    envoye_a     timestamptz,
    erreur       text,
    PRIMARY KEY (alerte, moment, destinataire)
);
CREATE INDEX alertes_envois_dus ON alertes_envois (prochain_a) WHERE etat = 'a-envoyer';

-- How much of the log each copy of the database has not replayed. A slot without a reader keeps what it has not read.
CREATE FUNCTION retards_de_replication() RETURNS TABLE (copie text, octets bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT application_name, pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(replay_lsn, sent_lsn))::bigint
    FROM pg_stat_replication WHERE NOT pg_is_in_recovery()
    UNION ALL
    SELECT slot_name::text, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
    FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL AND NOT pg_is_in_recovery()
$$;
REVOKE ALL ON FUNCTION retards_de_replication() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retards_de_replication() TO passerelle;

-- migrate: rollback
DROP FUNCTION retards_de_replication();
DROP TABLE alertes_envois, alertes, alertes_destinataires, alertes_seuils;
