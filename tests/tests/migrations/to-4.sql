-- The tables of a shard as version 4 had them, from version 5.
DROP TABLE poison;
ALTER TABLE meta DROP COLUMN trial;
UPDATE meta SET version = 4;
