--which partners a prescription concerns, and when the participation that it opened ends
-- depends: 0011_passerelle_droits_des_personnes

-- migrate: apply

-- `partenaires` hold the structure of the service. `sort_le` is set with the end of the prescription; past it, the row
-- goes, and with it the role that nothing else keeps. A row stays under the parcours that was absorbed: see `alias`.
CREATE TABLE prescriptions_suivies (
    parcours        uuid NOT NULL,
    prescription_id text NOT NULL,
    prescripteur    text NOT NULL,
    partenaires     text[] NOT NULL,
    sort_le         timestamptz,
    PRIMARY KEY (parcours, prescription_id)
);
CREATE INDEX prescriptions_suivies_finies ON prescriptions_suivies (sort_le) WHERE sort_le IS NOT NULL;

-- migrate: rollback
DROP TABLE prescriptions_suivies;
