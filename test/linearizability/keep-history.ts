import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHistory } from './history-file';
import { historyPage, type JudgedHistory } from './history-page';

export const HISTORIES_FOLDER = join(tmpdir(), 'rollcall-histories');

/**
 * Saves a history, the events of its watchers, and a picture of its problems. Returns a text with their paths.
 */
export function keepHistory(judged: JudgedHistory, folder = HISTORIES_FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `history-${judged.history.seed}`);
  writeHistory(`${path}.jsonl`, judged.history);
  const kept = [`history: ${path}.jsonl`];
  if (judged.watched.length > 0) {
    writeFileSync(`${path}-watches.jsonl`, judged.watched.map((stream) => `${JSON.stringify(stream)}\n`).join(''));
    kept.push(`watches: ${path}-watches.jsonl`);
  }
  if (judged.problems.length > 0) {
    writeFileSync(`${path}.html`, historyPage(judged));
    kept.push(`picture: ${path}.html`);
  }
  return kept.join('\n');
}
