import type { HistoryEntry } from '../../client/wire/history-answers';
import { serviceText } from '../options/option-values';
import type { Cell, Table } from '../terminal/table';

const BAD: ReadonlySet<string> = new Set(['expired', 'unhealthy', 'quarantined']);

/** What happened, a line for each change. */
export function historyTable(entries: readonly HistoryEntry[]): Table {
  const rows = entries.flatMap(({ at, actor, revision, changes, omitted = 0 }) => [
    ...changes.map((change): Cell[] => {
      const { kind, cause } = change;
      const name = kind === 'service' ? serviceText(change) : `${serviceText(change)}/${change.id}`;
      return [at, { text: cause, tone: BAD.has(cause) ? 'bad' : undefined }, kind, name, actor, revision];
    }),
    ...(omitted > 0 ? [[at, '', '', `and ${omitted} more`, actor, revision]] : []),
  ]);
  return { titles: ['AT', 'CAUSE', 'OF', 'NAME', 'BY', 'REVISION'], rows };
}
