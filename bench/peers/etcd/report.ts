import { cpus } from 'node:os';
import type { Row } from '../comparison';
import type { RatioGoal } from '../goals';
import { digits, figureTable, goalTable, type PeersSetting } from '../report';
import { GRPC_CALLS_EACH, GRPC_CONNECTIONS, KEEPALIVE_WINDOW } from './calls';
import type { Door } from './doors';
import type { ProcessorRow } from './rates';

/** Returns the processor times of the calls as a table: of the server, and of the Go client where it sends them. */
function processorTable(rows: readonly ProcessorRow[], names: readonly string[]): string {
  const lines = rows.map(({ title, values }) => {
    const cells = names.map((name) => {
      const value = values.get(name);
      if (value === undefined) return '';
      const { userUs, systemUs, clientUs } = value;
      const client = clientUs === undefined ? '' : `; client ${digits(clientUs)}`;
      return `${digits(userUs + systemUs)} = ${digits(userUs)} + ${digits(systemUs)}${client}`;
    });
    return `| ${title} | ${cells.join(' | ')} |`;
  });
  return [`| | ${names.join(' | ')} |`, `|---|${names.map(() => '---').join('|')}|`, ...lines].join('\n');
}

/** Everything that the report shows. */
export interface DoorReport {
  doors: readonly Door[];
  rows: readonly Row[];
  processor: readonly ProcessorRow[];
  ratios: readonly RatioGoal[];
  how: PeersSetting;
  /** Notes for the reader, as Markdown. */
  reading: string;
}

/** Returns the report as Markdown. */
export function renderDoors({ doors, rows, processor, ratios, how, reading }: DoorReport): string {
  const names = doors.map(({ name }) => name);
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `# Rollcall and etcd, to etcd's clients

Written by \`npm run bench:peers -- --only etcd\`, ${how.date}, on ${cpus().length} cores (${model}, load ${how.load.toFixed(2)} before), Node ${how.node}.
The same clients call each server: over gRPC a program in Go on the connections of etcd's \`clientv3\` 3.4, ${GRPC_CONNECTIONS} connections with
${GRPC_CALLS_EACH} concurrent calls each; over JSON \`wrk\`. Keepalives over gRPC share one stream, with at most ${KEEPALIVE_WINDOW} unanswered messages.
All servers run at the same time on one machine, each as a single server that syncs to the disk before it answers a write,
and are loaded in turns. ${how.rounds} rounds of ${how.seconds} s each. Values are medians, with minimum and maximum in brackets; the best is bold.

${doors.map(({ name, description }) => `- **${name}**: ${description}`).join('\n')}

## Figures

${figureTable(names, rows)}

## Goals and ratios

Ratios are computed for each round; their median decides. A ratio without a limit is no goal.

${goalTable(ratios, rows)}

## Where the time goes

Processor time of the server in µs a call, as the sum of the program and of the kernel on its behalf, and that of the Go
client on the same cores.

${processorTable(processor, names)}

${reading.trim()}
`;
}
