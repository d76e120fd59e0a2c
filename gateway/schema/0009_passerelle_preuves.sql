--signatures by the hub's own key, receipts of deliveries, and subscriptions that were suspended
-- depends: 0007_passerelle_rejeux

-- migrate: apply

-- `v1`: a secret shared with the partner. `v1a`: the hub's published key, and nothing to keep here.
ALTER TABLE abonnements
    ALTER COLUMN secret DROP NOT NULL,
    ADD COLUMN signature text NOT NULL DEFAULT 'v1' CHECK (signature IN ('v1', 'v1a')),
    ADD CONSTRAINT abonnements_secret_si_v1 CHECK ((signature = 'v1') = (secret IS NOT NULL)),
    -- When it was suspended, and whether its partner was told (by an event in its feed).
    ADD COLUMN suspendu_a timestamptz,
    ADD COLUMN suspension_dite boolean NOT NULL DEFAULT false;
CREATE INDEX abonnements_suspension_a_dire ON abonnements (id) WHERE etat = 'suspendu' AND NOT suspension_dite;

-- The receipt of the last delivery that succeeded: a request with several events has one for them all. No foreign key:
-- receipts outlive what they are about, and nobody deletes one.
ALTER TABLE envois
    ADD COLUMN recu_chaine uuid,
    ADD COLUMN recu_rang bigint,
    ADD CONSTRAINT envois_recu_entier CHECK ((recu_chaine IS NULL) = (recu_rang IS NULL));

-- Whom a receipt of delivery is about; `livraison` is what `webhook-id` names.
ALTER TABLE recus ADD COLUMN partenaire text;

-- migrate: rollback
ALTER TABLE recus DROP COLUMN partenaire;
ALTER TABLE envois DROP COLUMN recu_chaine, DROP COLUMN recu_rang;
DELETE FROM abonnements WHERE signature = 'v1a';
ALTER TABLE abonnements
    DROP COLUMN suspension_dite, DROP COLUMN suspendu_a, DROP COLUMN signature, ALTER COLUMN secret SET NOT NULL;
