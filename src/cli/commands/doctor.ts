import { packageVersion } from '../../launcher/package';
import { connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import type { Cell } from '../terminal/table';
import { type Finding, findings } from './checks';

const SIGNS: Record<Finding['result'], Cell> = {
  good: { text: '✓', tone: 'good' },
  bad: { text: '✗', tone: 'bad' },
  unknown: { text: '?', tone: 'warning' },
};

/** `rollcall doctor`: what is wrong between here and the registry, and how to mend it. */
export function doctorCommand() {
  return registryCommand('doctor')
    .summary('find out what is wrong between here and a registry')
    .description(
      'Checks url, versions, latency, clocks, token and the way of a WebSocket; says what is wrong and how to mend it. ' +
        'Exit code 1 means that something is.',
    )
    .action(async (options) => {
      const { place, registry, print } = connect(options);
      const found: Finding[] = [];
      for await (const finding of findings({ place, registry, version: packageVersion(), env: process.env })) {
        found.push(finding);
      }
      const rows = found.flatMap(({ check, result, found: text, mend }): Cell[][] => [
        [SIGNS[result], check, text],
        ...(mend === undefined ? [] : [['', '', `→ ${mend}`]]),
      ]);
      print.answer({ findings: found }, { rows, isWhole: true });
      const bad = found.filter(({ result }) => result === 'bad');
      if (bad.length > 0) throw new CliError(EXIT.failure, `Wrong: ${bad.map(({ check }) => check).join(', ')}.`);
    });
}
