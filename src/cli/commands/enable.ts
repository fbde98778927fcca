import { override, overrideCommand } from './override-command';

/** `rollcall enable`: takes a `disable` back. */
export function enableCommand() {
  return overrideCommand('enable')
    .summary('let an instance take traffic again')
    .description('Takes a `rollcall disable` back. What else operators say about the instance stays.')
    .action((service, id, flags) => override(service, id, flags, (before) => ({ ...before, enabled: undefined })));
}
