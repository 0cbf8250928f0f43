-- The tables of a shard as version 2 had them, from version 3. A large input stood in the task's own row.
UPDATE task SET body = json_remove(
  json_set(body, '$.input', json((
    SELECT blob.body FROM blob WHERE blob.task = task.id AND blob.hash = json_extract(task.body, '$.parts[0].hash')
  ))), '$.parts')
WHERE json_extract(body, '$.parts[0].field') = 'input';
DROP TABLE blob;
DROP TABLE archived;
UPDATE meta SET version = 2;
