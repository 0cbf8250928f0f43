-- The tables of a shard as version 3 had them, from version 4.
ALTER TABLE meta DROP COLUMN shards;
UPDATE meta SET version = 3;
