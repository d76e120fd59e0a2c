--the access journal: whose data was shown or refused, chained, written once, kept twelve months
-- depends: 0015_passerelle_retenus 0016_passerelle_liens_a_remettre

-- migrate: apply
ALTER TABLE acces RENAME TO acces_sans_chaine;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON acces_sans_chaine FROM passerelle;

-- One chain per writing process: `rang` has no hole, `empreinte` is the SHA-256 over the one before and the row. The last
-- row of each write is signed. `nombre` counts what was refused alike within a minute.
CREATE TABLE acces (
    chaine     uuid NOT NULL,
    rang       bigint NOT NULL CHECK (rang > 0),
    a          timestamptz NOT NULL,
    partenaire text NOT NULL,
    agent      text,
    finalite   text,
    parcours   uuid[] NOT NULL,
    quoi       text NOT NULL,
    resultat   integer NOT NULL,
    code       text,
    trace      text,
    liaison    text CHECK (liaison IN ('dpop', 'certificat', 'aucune')),
    provenance text,
    nombre     integer NOT NULL CHECK (nombre > 0),
    precedent  bytea NOT NULL CHECK (length(precedent) = 32),
    empreinte  bytea NOT NULL CHECK (length(empreinte) = 32),
    signature  text,
    PRIMARY KEY (chaine, rang, a)
) PARTITION BY RANGE (a);
CREATE INDEX acces_de_parcours ON acces USING gin (parcours);
CREATE INDEX acces_de_partenaire ON acces (partenaire, a);
REVOKE UPDATE, DELETE, TRUNCATE ON acces FROM passerelle;
REVOKE UPDATE, DELETE, TRUNCATE ON recus FROM passerelle;

-- A month is written through the table only, and goes whole: twelve full months are kept.
CREATE FUNCTION entretenir_acces_au(jour date) RETURNS void LANGUAGE plpgsql SET search_path = passerelle, pg_temp AS $$
DECLARE
    mois date;
    nom text;
BEGIN
    FOR ecart IN 0..2 LOOP
        mois := (date_trunc('month', jour) + make_interval(months => ecart))::date;
        nom := 'acces_' || to_char(mois, 'YYYY_MM');
        IF to_regclass(nom) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF acces FOR VALUES FROM (%L) TO (%L)',
                nom, mois::timestamp AT TIME ZONE 'UTC', (mois + interval '1 month') AT TIME ZONE 'UTC');
            EXECUTE format('REVOKE ALL ON %I FROM passerelle', nom);
        END IF;
    END LOOP;
    FOR nom IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'acces'::regclass
        AND c.relname < 'acces_' || to_char(jour - interval '12 months', 'YYYY_MM')
    LOOP
        EXECUTE format('DROP TABLE %I', nom);
    END LOOP;
    IF to_regclass('acces_sans_chaine') IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM acces_sans_chaine WHERE a >= date_trunc('month', jour - interval '12 months')) THEN
            DROP TABLE acces_sans_chaine;
        END IF;
    END IF;
END $$;
REVOKE ALL ON FUNCTION entretenir_acces_au(date) FROM PUBLIC;

-- What the gateway may call: the day is that of the server, so that nobody purges by lying about it.
CREATE FUNCTION entretenir_acces() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = passerelle, pg_temp AS $$
    SELECT entretenir_acces_au((now() AT TIME ZONE 'UTC')::date)
$$;
REVOKE ALL ON FUNCTION entretenir_acces() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION entretenir_acces() TO passerelle;
SELECT entretenir_acces();

-- What the door refused of a deposit: nothing of its body. Its number is one of the deposits: one list, one order.
CREATE TABLE refus_de_depot (
    numero     bigint PRIMARY KEY DEFAULT nextval('depots_numero_seq'),
    partenaire text NOT NULL,
    message    text,
    type       text,
    code       text NOT NULL,
    statut     integer NOT NULL,
    pointeurs  text[] NOT NULL,
    ligne      integer,
    trace      text,
    a          timestamptz NOT NULL
);
CREATE INDEX refus_de_depot_par_message ON refus_de_depot (partenaire, message, numero);
CREATE INDEX refus_de_depot_par_partenaire ON refus_de_depot (partenaire, numero);
CREATE INDEX refus_de_depot_par_date ON refus_de_depot USING brin (a);

-- migrate: rollback
DROP TABLE refus_de_depot;
DROP FUNCTION entretenir_acces();
DROP FUNCTION entretenir_acces_au(date);
ALTER TABLE acces RENAME TO acces_chaines;
CREATE TABLE acces (
    numero     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partenaire text NOT NULL,
    agent      text,
    parcours   uuid,
    finalite   text,
    quoi       text NOT NULL,
    resultat   integer NOT NULL,
    trace      text,
    a          timestamptz NOT NULL,
    liaison    text CHECK (liaison IN ('dpop', 'certificat', 'aucune'))
);
CREATE INDEX acces_par_parcours_seul ON acces (parcours, a);
DROP TABLE acces_chaines;
DROP TABLE IF EXISTS acces_sans_chaine;
GRANT UPDATE, DELETE ON recus TO passerelle;
