// Runs SQL behind the platform's back: on the files of its objects, which stand still meanwhile.
//
// The argument is JSON: for each order the files, a query that must give a row in the files that are meant, statements,
// and a query. The answer is, for each order, the rows that each of its files gave.

import { DatabaseSync } from "node:sqlite";

/** Whether a file is meant; an object that was asked and never stored anything has no tables. */
function isMeant(database, only) {
  try {
    return !only || database.prepare(only).get() !== undefined;
  } catch (error) {
    if (error.message.startsWith("no such table")) return false;
    throw error;
  }
}

const answer = JSON.parse(process.argv[1]).map(({ files, only, script, query }) => {
  const answers = [];
  for (const file of files) {
    const database = new DatabaseSync(file);
    try {
      if (!isMeant(database, only)) continue;
      if (script) database.exec(script);
      answers.push(query ? database.prepare(query).all() : []);
    } finally {
      database.close();
    }
  }
  return answers;
});
console.log(JSON.stringify(answer));
