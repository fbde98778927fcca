import type { AuditEntry } from '../../client/wire/directory-answers';
import { connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { count } from '../options/option-values';
import type { Cell } from '../terminal/table';

/** As many as somebody reads who wants to know what happened just now. */
const LIMIT_DEFAULT_COUNT = 50;

function outcomeCell({ outcome, code }: AuditEntry): Cell {
  if (outcome === 'refused') return { text: `refused: ${code ?? 'unknown'}`, tone: 'bad' };
  return { text: outcome, tone: outcome === 'done' ? 'good' : 'warning' };
}

/** `rollcall audit`: who did what. */
export function auditCommand() {
  return registryCommand('audit')
    .summary('show who did what, when, and from where')
    .description(
      'Shows what people did to the registry, newest first: of all namespaces that the token may see, or with ' +
        '--namespace of one.',
    )
    .option('--limit <count>', 'at most so many (default 50)', count)
    .option('--after <position>', 'go on after this, the `next` of the answer before')
    .action(async ({ limit = LIMIT_DEFAULT_COUNT, after, ...options }) => {
      const { registry, print } = connect(options);
      const trail = await registry.readAudit({ ns: options.namespace, limit, after });
      const rows = trail.entries.map((entry): Cell[] => [
        entry.at,
        entry.action,
        entry.ns ?? '',
        entry.target ?? '',
        outcomeCell(entry),
        entry.actor,
        entry.address ?? '',
        entry.detail ?? '',
      ]);
      print.answer(trail, { titles: ['AT', 'ACTION', 'NAMESPACE', 'TARGET', 'OUTCOME', 'BY', 'FROM', 'DETAIL'], rows });
    });
}
