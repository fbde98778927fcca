import { serviceText } from '../options/option-values';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { changedOverride, overrideCommand, quarantineText } from './override-command';

/** `rollcall enable`: takes a `disable` back. */
export function enableCommand() {
  return overrideCommand('enable')
    .summary('let an instance take traffic again')
    .description(
      'Takes a `rollcall disable` back. What else operators say about the instance stays: while it is quarantined, it ' +
        'takes no traffic, and the exit code is 5.',
    )
    .action(async (service, id, flags) => {
      const now = await changedOverride(service, id, flags, (before) => ({ ...before, enabled: undefined }));
      if (now?.quarantine === undefined) return;
      const name = serviceText(service);
      throw new CliError(
        EXIT.conflict,
        `${name}/${id} still takes no traffic: it is quarantined ${quarantineText(now.quarantine)}.`,
        `Lift it with: rollcall quarantine ${name} ${id} --lift`,
      );
    });
}
