--the two indexes of services know a thématique by its code: nothing to search for among all the keys of a service
-- depends: 0003_offres_statistiques

-- migrate: apply

CREATE OR REPLACE FUNCTION reperer() RETURNS trigger LANGUAGE plpgsql SET search_path = offres, pg_temp AS $$
BEGIN
    INSERT INTO reperes (cle, maille, x, y, z, zones, numero)
    SELECT cle, maille, x, y, z, zones, numero FROM ajoutes, unnest(thematiques || ''::text) AS cle
    WHERE maille IS NOT NULL ORDER BY cle, maille;
    INSERT INTO distants (cle, zone, date_maj, numero)
    SELECT cle, zone, date_maj, numero FROM ajoutes, unnest(zones) AS zone, unnest(thematiques || ''::text) AS cle
    WHERE est_a_distance ORDER BY cle, zone;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION oublier_reperes() RETURNS trigger LANGUAGE plpgsql SET search_path = offres, pg_temp AS $$
BEGIN
    DELETE FROM reperes r USING supprimes s
    WHERE r.cle = ANY(s.thematiques || ''::text) AND r.maille = s.maille AND r.numero = s.numero;
    DELETE FROM distants d USING supprimes s
    WHERE d.cle = ANY(s.thematiques || ''::text) AND d.zone = ANY(s.zones) AND d.date_maj = s.date_maj
        AND d.numero = s.numero;
    RETURN NULL;
END $$;

UPDATE reperes SET cle = substr(cle, 4) WHERE cle <> '';
UPDATE distants SET cle = substr(cle, 4) WHERE cle <> '';

-- migrate: rollback
CREATE OR REPLACE FUNCTION reperer() RETURNS trigger LANGUAGE plpgsql SET search_path = offres, pg_temp AS $$
BEGIN
    INSERT INTO reperes (cle, maille, x, y, z, zones, numero)
    SELECT cle, maille, x, y, z, zones, numero FROM ajoutes, unnest(cles || ''::text) AS cle
    WHERE maille IS NOT NULL AND (cle = '' OR cle LIKE 'th:%--%') ORDER BY cle, maille;
    INSERT INTO distants (cle, zone, date_maj, numero)
    SELECT cle, zone, date_maj, numero FROM ajoutes, unnest(zones) AS zone, unnest(cles || ''::text) AS cle
    WHERE est_a_distance AND (cle = '' OR cle LIKE 'th:%--%') ORDER BY cle, zone;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION oublier_reperes() RETURNS trigger LANGUAGE plpgsql SET search_path = offres, pg_temp AS $$
BEGIN
    DELETE FROM reperes r USING supprimes s
    WHERE r.cle = ANY(s.cles || ''::text) AND r.maille = s.maille AND r.numero = s.numero;
    DELETE FROM distants d USING supprimes s
    WHERE d.cle = ANY(s.cles || ''::text) AND d.zone = ANY(s.zones) AND d.date_maj = s.date_maj
        AND d.numero = s.numero;
    RETURN NULL;
END $$;

UPDATE reperes SET cle = 'th:' || cle WHERE cle <> '';
UPDATE distants SET cle = 'th:' || cle WHERE cle <> '';
