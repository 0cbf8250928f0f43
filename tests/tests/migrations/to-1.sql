-- The tables of a shard as version 1 had them, from version 2.
DROP TABLE revoked;
UPDATE meta SET version = 1;
