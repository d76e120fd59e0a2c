--a partner is never deleted: hot tables name it without a foreign key
-- depends: 0008_passerelle_certificats 0009_passerelle_preuves

-- migrate: apply
-- The check locked the same few rows of `partenaires` for every row written, from every process at once: a third of
-- the time of these statements (docs/mesures.md). Nobody deletes a partner: it is suspended.
ALTER TABLE livraisons DROP CONSTRAINT livraisons_partenaire_fkey;
ALTER TABLE participations DROP CONSTRAINT participations_partenaire_fkey;
ALTER TABLE depots DROP CONSTRAINT depots_partenaire_fkey;

-- migrate: rollback
ALTER TABLE livraisons ADD CONSTRAINT livraisons_partenaire_fkey FOREIGN KEY (partenaire) REFERENCES partenaires;
ALTER TABLE participations ADD CONSTRAINT participations_partenaire_fkey FOREIGN KEY (partenaire) REFERENCES partenaires;
ALTER TABLE depots ADD CONSTRAINT depots_partenaire_fkey FOREIGN KEY (partenaire) REFERENCES partenaires;
