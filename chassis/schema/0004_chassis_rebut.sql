--what is set aside keeps its place until an operator has it tried again or discards it; who did which is recorded
-- depends: 0003_chassis_flux

-- migrate: apply

-- While it is `parque` or `a-reprendre`, what else concerns its aggregate waits. One that is settled keeps no content.
ALTER TABLE rebut
    ADD COLUMN agregat uuid,
    ADD COLUMN etat text NOT NULL DEFAULT 'parque' CHECK (etat IN ('parque', 'a-reprendre', 'repris', 'ecarte')),
    ADD COLUMN echecs integer NOT NULL DEFAULT 1,
    ADD COLUMN regle_a timestamptz;
UPDATE rebut SET agregat = (entree ->> 'agregat')::uuid;
CREATE INDEX rebut_retenu ON rebut (agregat) WHERE etat IN ('parque', 'a-reprendre');

-- What operators decided about it. Written by the command line only.
CREATE TABLE gestes (
    numero bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rebut  uuid NOT NULL,
    geste  text NOT NULL CHECK (geste IN ('repris', 'ecarte')),
    par    text NOT NULL,
    motif  text NOT NULL,
    a      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gestes_par_rebut ON gestes (rebut);

-- migrate: rollback
DROP TABLE gestes;
DROP INDEX rebut_retenu;
ALTER TABLE rebut DROP COLUMN agregat, DROP COLUMN etat, DROP COLUMN echecs, DROP COLUMN regle_a;
