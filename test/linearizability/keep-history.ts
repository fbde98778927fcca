import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Judgement } from './check-history';
import { writeHistory } from './history-file';
import type { History } from './operation';
import { picture } from './picture';

export const HISTORIES_FOLDER = join(tmpdir(), 'rollcall-histories');

/** Keeps a history, and a picture of what is wrong with it. Returns where they are, in words. */
export function keepHistory(history: History, { findings }: Judgement, folder = HISTORIES_FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `history-${history.seed}`);
  writeHistory(`${path}.jsonl`, history);
  if (findings.length === 0) return `history: ${path}.jsonl`;
  writeFileSync(`${path}.html`, picture(history, findings));
  return `history: ${path}.jsonl\npicture: ${path}.html`;
}
