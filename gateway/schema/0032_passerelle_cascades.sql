--what is deleted takes along what depends on it, without a look at it for every row written
-- depends: 0031_passerelle_chemins

-- migrate: apply

-- A foreign key looked up, and locked, the event of every delivery and the delivery of every sending when they were
-- written (decision 0080). Both are written in one transaction, under the lock of the fan-out; a replay locks what it sends.
ALTER TABLE livraisons DROP CONSTRAINT livraisons_evenement_fkey;
ALTER TABLE envois DROP CONSTRAINT envois_livraison_fkey;

CREATE FUNCTION emporter_livraisons() RETURNS trigger LANGUAGE plpgsql SET search_path = passerelle, pg_temp AS $$
BEGIN
    DELETE FROM livraisons l USING supprimes s WHERE l.evenement = s.id;
    RETURN NULL;
END $$;
CREATE TRIGGER evenements_emportent AFTER DELETE ON evenements REFERENCING OLD TABLE AS supprimes
    FOR EACH STATEMENT EXECUTE FUNCTION emporter_livraisons();

CREATE FUNCTION emporter_envois() RETURNS trigger LANGUAGE plpgsql SET search_path = passerelle, pg_temp AS $$
BEGIN
    DELETE FROM envois v USING supprimes s WHERE v.livraison = s.numero;
    RETURN NULL;
END $$;
CREATE TRIGGER livraisons_emportent AFTER DELETE ON livraisons REFERENCING OLD TABLE AS supprimes
    FOR EACH STATEMENT EXECUTE FUNCTION emporter_envois();

-- Who signalled a person without being told who she is: few rows, of which every batch of the fan-out asks.
CREATE INDEX participations_signalants ON participations (parcours) WHERE role = 'signalant' AND fin IS NULL;

-- migrate: rollback
DROP INDEX participations_signalants;
DROP TRIGGER livraisons_emportent ON livraisons;
DROP FUNCTION emporter_envois();
DROP TRIGGER evenements_emportent ON evenements;
DROP FUNCTION emporter_livraisons();
ALTER TABLE envois ADD CONSTRAINT envois_livraison_fkey FOREIGN KEY (livraison) REFERENCES livraisons
    ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE livraisons ADD CONSTRAINT livraisons_evenement_fkey FOREIGN KEY (evenement) REFERENCES evenements
    ON DELETE CASCADE;
