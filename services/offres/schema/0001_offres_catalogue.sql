--the catalogue: versions, structures and services as published, withdrawals, probable duplicates, imports
-- depends: 0002_chassis_oublis

-- migrate: apply

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- One row. Whoever writes the catalogue locks it, takes the next version and commits: versions become visible in their
-- order, so that `publie_a <= v AND (retire_a IS NULL OR retire_a > v)` is the catalogue as it was at v, for ever.
-- Below `plancher`, what was superseded has been deleted.
CREATE TABLE catalogue (
    est_unique boolean PRIMARY KEY DEFAULT true CHECK (est_unique),
    version    bigint NOT NULL DEFAULT 0,
    plancher   bigint NOT NULL DEFAULT 0 CHECK (plancher <= version),
    change_a   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO catalogue DEFAULT VALUES;

CREATE TABLE versions (
    version bigint PRIMARY KEY,
    a       timestamptz NOT NULL
);
CREATE INDEX versions_par_date ON versions (a);

-- A row is never changed but to be closed; `donnees` is the record as it was published, told as it is. Compressing it
-- would be a third of what PostgreSQL does for a publication.
CREATE TABLE structures (
    numero      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          text NOT NULL,
    source      text NOT NULL,
    empreinte   bytea NOT NULL CHECK (length(empreinte) = 16),
    nom_simple  text NOT NULL,
    voie_simple text NOT NULL,
    siret       text,
    courriel    text,
    code_commune text,
    code_postal text,
    departement text,
    date_maj    date NOT NULL,
    donnees     json STORAGE EXTERNAL NOT NULL,
    publie_a    bigint NOT NULL,
    retire_a    bigint CHECK (retire_a > publie_a)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX structures_vivantes ON structures (id) WHERE retire_a IS NULL;
CREATE INDEX structures_par_siret ON structures (siret) WHERE retire_a IS NULL AND siret IS NOT NULL;
CREATE INDEX structures_par_commune ON structures (code_commune) WHERE retire_a IS NULL;
CREATE INDEX structures_par_version ON structures (publie_a, numero);
CREATE INDEX structures_retirees ON structures (retire_a) WHERE retire_a IS NOT NULL;

-- `cles` holds what a search filters on, as words of one GIN index: lists of codes and the cells of a grid (0.1° and
-- 0.5°). `zones`, where one must live, are compared row by row: most of the services near a person take it in.
-- (x, y, z) is the place on the unit sphere: its distance orders like the way on the globe. `texte` holds the stems of
-- the name (A) and of the description (C). `qualite_somme` over `qualite_criteres` is the quality but for the age,
-- which changes every day. A row stays in one piece: out of line, its record would cost a search twice as much.
CREATE TABLE services (
    numero           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id               text NOT NULL,
    structure_id     text NOT NULL,
    source           text NOT NULL,
    empreinte        bytea NOT NULL CHECK (length(empreinte) = 16),
    cles             text[] NOT NULL,
    zones            text[] NOT NULL,
    maille           integer,
    x                float8,
    y                float8,
    z                float8,
    est_a_distance   boolean NOT NULL,
    latitude         float8,
    longitude        float8,
    courriel         text,
    code_commune     text,
    departement      text,
    type             text,
    thematiques      text[] NOT NULL,
    date_maj         date NOT NULL,
    qualite_somme    float8 NOT NULL,
    qualite_criteres integer NOT NULL CHECK (qualite_criteres > 0),
    qualite_age      boolean NOT NULL,
    texte            tsvector STORAGE MAIN NOT NULL,
    donnees          json STORAGE EXTERNAL NOT NULL,
    publie_a         bigint NOT NULL,
    retire_a         bigint CHECK (retire_a > publie_a),
    CHECK (num_nulls(maille, x, y, z, latitude, longitude) IN (0, 6))
) WITH (fillfactor = 90, toast_tuple_target = 4080);
CREATE UNIQUE INDEX services_vivants ON services (id) WHERE retire_a IS NULL;
CREATE INDEX services_par_structure ON services (structure_id) WHERE retire_a IS NULL;
CREATE INDEX services_par_version ON services (publie_a, numero);
CREATE INDEX services_retires ON services (retire_a) WHERE retire_a IS NOT NULL;
CREATE INDEX services_par_cles ON services USING gin (cles) WITH (gin_pending_list_limit = 512);
CREATE INDEX services_par_texte ON services USING gin (texte) WITH (gin_pending_list_limit = 512);

-- Two indexes of `services` of a kind that PostgreSQL has not, kept by triggers: each service under each of its
-- thématiques, categories apart, and under ''. Near a place, cell after cell (0.1°); at a distance, the freshest of a zone first.
CREATE TABLE reperes (
    cle    text NOT NULL,
    maille integer NOT NULL,
    x      float8 NOT NULL,
    y      float8 NOT NULL,
    z      float8 NOT NULL,
    zones  text[] NOT NULL,
    numero bigint NOT NULL
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX reperes_par_maille ON reperes (cle, maille) INCLUDE (x, y, z, zones, numero);

CREATE TABLE distants (
    cle      text NOT NULL,
    zone     text NOT NULL,
    date_maj date NOT NULL,
    numero   bigint NOT NULL
);
CREATE INDEX distants_par_zone ON distants (cle, zone, date_maj DESC, numero);

-- In the order of the indexes, for half the time: neighbours go to one page.
CREATE FUNCTION reperer() RETURNS trigger LANGUAGE plpgsql SET search_path = offres, pg_temp AS $$
BEGIN
    INSERT INTO reperes (cle, maille, x, y, z, zones, numero)
    SELECT cle, maille, x, y, z, zones, numero FROM ajoutes, unnest(cles || ''::text) AS cle
    WHERE maille IS NOT NULL AND (cle = '' OR cle LIKE 'th:%--%') ORDER BY cle, maille;
    INSERT INTO distants (cle, zone, date_maj, numero)
    SELECT cle, zone, date_maj, numero FROM ajoutes, unnest(zones) AS zone, unnest(cles || ''::text) AS cle
    WHERE est_a_distance AND (cle = '' OR cle LIKE 'th:%--%') ORDER BY cle, zone;
    RETURN NULL;
END $$;
CREATE TRIGGER services_ajoutes AFTER INSERT ON services REFERENCING NEW TABLE AS ajoutes
FOR EACH STATEMENT EXECUTE FUNCTION reperer();

CREATE FUNCTION oublier_reperes() RETURNS trigger LANGUAGE plpgsql SET search_path = offres, pg_temp AS $$
BEGIN
    DELETE FROM reperes r USING supprimes s
    WHERE r.cle = ANY(s.cles || ''::text) AND r.maille = s.maille AND r.numero = s.numero;
    DELETE FROM distants d USING supprimes s
    WHERE d.cle = ANY(s.cles || ''::text) AND d.zone = ANY(s.zones) AND d.date_maj = s.date_maj
        AND d.numero = s.numero;
    RETURN NULL;
END $$;
CREATE TRIGGER services_supprimes AFTER DELETE ON services REFERENCING OLD TABLE AS supprimes
FOR EACH STATEMENT EXECUTE FUNCTION oublier_reperes();

-- The words of the names, as they are written: what a mistyped word may have meant.
CREATE TABLE mots (mot text PRIMARY KEY);
CREATE INDEX mots_semblables ON mots USING gin (mot public.gin_trgm_ops) WITH (gin_pending_list_limit = 64);

-- What is no longer in the catalogue, with all that is still asked of it. Published again, it leaves this table.
CREATE TABLE retraits (
    genre        text NOT NULL CHECK (genre IN ('structure', 'service')),
    id           text NOT NULL,
    source       text NOT NULL,
    structure_id text,
    siret        text,
    courriel     text,
    departement  text,
    date         date NOT NULL,
    raison       text NOT NULL,
    version      bigint NOT NULL,
    PRIMARY KEY (genre, id),
    CHECK ((genre = 'service') = (structure_id IS NOT NULL))
);
CREATE INDEX retraits_par_version ON retraits (version, genre, id);

-- Services whose open prescriptions are to expire; a row leaves once that is done.
CREATE TABLE retraits_a_annoncer (
    numero     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service_id text NOT NULL,
    date       date NOT NULL,
    raison     text NOT NULL
);

-- Two structures that look like one: told, never merged.
CREATE TABLE doublons (
    structure_id text NOT NULL,
    autre_id     text NOT NULL,
    raison       text NOT NULL CHECK (raison IN ('siret', 'nom-et-adresse')),
    vu_a         timestamptz NOT NULL,
    PRIMARY KEY (structure_id, autre_id),
    CHECK (structure_id < autre_id)
);
CREATE INDEX doublons_autre ON doublons (autre_id);

-- Where an import is: what is committed is not read again after a crash. A file is known by the hash of its content.
CREATE TABLE imports (
    numero      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL,
    fichier     text NOT NULL,
    est_complet boolean NOT NULL,
    etape       text NOT NULL CHECK (etape IN ('structures', 'services', 'retraits')),
    lignes      bigint NOT NULL DEFAULT 0,
    comptes     jsonb NOT NULL DEFAULT '{}',
    commence_a  timestamptz NOT NULL,
    acheve_a    timestamptz
);
CREATE UNIQUE INDEX imports_en_cours ON imports (source) WHERE acheve_a IS NULL;

-- The ids that the file of the running import names, at which rank, and the hash of the record when the same one in the
-- catalogue would make it pass; read again from the file after a crash.
CREATE UNLOGGED TABLE imports_vus (
    rang      integer NOT NULL,
    genre     text NOT NULL,
    id        text NOT NULL,
    empreinte bytea
);

-- The centre of a commune that has no other: the median of its located services. Refreshed after an import.
CREATE TABLE centres_observes (
    code      text PRIMARY KEY,
    latitude  float8 NOT NULL,
    longitude float8 NOT NULL,
    nombre    integer NOT NULL CHECK (nombre > 0)
);

-- After a large import, searches would read the pending lists of the indexes, and plans would know nothing of the rows.
CREATE FUNCTION entretenir() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = offres, pg_temp AS $$
BEGIN
    PERFORM pg_catalog.gin_clean_pending_list('offres.services_par_cles');
    PERFORM pg_catalog.gin_clean_pending_list('offres.services_par_texte');
    PERFORM pg_catalog.gin_clean_pending_list('offres.mots_semblables');
    ANALYZE offres.services, offres.reperes, offres.distants, offres.structures, offres.mots;
END $$;
REVOKE ALL ON FUNCTION entretenir() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION entretenir() TO offres;

-- migrate: rollback
DROP FUNCTION entretenir();
DROP TABLE centres_observes, imports_vus, imports, doublons, retraits_a_annoncer,
    retraits, mots, distants, reperes, services, structures, versions, catalogue;
DROP FUNCTION oublier_reperes(), reperer();
