--what is set aside of the fan-out has the columns of every other component, and an operator settles it
-- depends: 0013_passerelle_liens

-- migrate: apply

-- While it is `parque` or `a-reprendre`, what else concerns its aggregate waits. One that is settled keeps no content.
ALTER TABLE rebut RENAME COLUMN corps TO entree;
ALTER TABLE rebut
    ALTER COLUMN brique DROP NOT NULL,
    ALTER COLUMN agregat DROP NOT NULL,
    ALTER COLUMN sequence DROP NOT NULL,
    ADD COLUMN nature text NOT NULL DEFAULT 'evenement',
    ADD COLUMN type text NOT NULL DEFAULT '',
    ADD COLUMN etat text NOT NULL DEFAULT 'parque' CHECK (etat IN ('parque', 'a-reprendre', 'repris', 'ecarte')),
    ADD COLUMN echecs integer NOT NULL DEFAULT 1,
    ADD COLUMN regle_a timestamptz;
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

-- A deposit whose decision was set aside, then discarded by an operator, is settled without a decision.
ALTER TABLE depots DROP CONSTRAINT depots_etat_check;
ALTER TABLE depots
    ADD CONSTRAINT depots_etat_check CHECK (etat IN ('en-attente', 'accepte', 'refuse', 'rebut', 'ecarte'));

-- migrate: rollback
ALTER TABLE depots DROP CONSTRAINT depots_etat_check;
ALTER TABLE depots ADD CONSTRAINT depots_etat_check CHECK (etat IN ('en-attente', 'accepte', 'refuse', 'rebut'));
DROP TABLE gestes;
DROP INDEX rebut_retenu;
ALTER TABLE rebut DROP COLUMN nature, DROP COLUMN type, DROP COLUMN etat, DROP COLUMN echecs, DROP COLUMN regle_a;
ALTER TABLE rebut RENAME COLUMN entree TO corps;
