import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import { nodeSqlite } from '../../src/host/resident/storage/node-sqlite';
import { STORAGE_NAME } from '../../src/launcher/data-folder';
import { DEFAULT_NAMESPACE } from '../../src/model/service-name';
import { databasesOf, type Host } from '../programs/host';
import { headRevision, readJournal } from '../simulation/journal-rows';
import { Replica } from '../simulation/replica';
import { Truth } from '../watch/histories/truth';

/** Events in a registry's own journal, read from its file after it has stopped. */
export interface JournalTruth {
  truth: Truth;
  /** Contradictions in the journal. */
  problems: string[];
}

/** Reads the journal. @param data The data folder of a registry whose clients only use the default namespace. */
export function journalTruth(host: Host, data: string): JournalTruth {
  const database = new DatabaseSync(join(data, STORAGE_NAME, databasesOf(host).namespace(DEFAULT_NAMESPACE)));
  try {
    const storage = nodeSqlite(database);
    return truthIn(storage);
  } finally {
    database.close();
  }
}

function truthIn(storage: SqlStorage): JournalTruth {
  const truth = new Truth();
  const replica = new Replica();
  const problems: string[] = [];
  const [epoch] = [...storage.read("SELECT value FROM property WHERE name = 'epoch'")].flat();
  for (const revision of readJournal(storage, 0, headRevision(storage))) {
    problems.push(...replica.apply(revision, 0));
    truth.add(String(epoch), revision, revision.at, replica);
  }
  return { truth, problems };
}
