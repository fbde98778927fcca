import { override, overrideCommand } from './override-command';

/** `rollcall disable`: out of traffic until `enable`. */
export function disableCommand() {
  return overrideCommand('disable')
    .summary('take an instance out of traffic until it is enabled')
    .description('Takes an instance out of traffic at once; `rollcall drain` waits until its callers know.')
    .action((service, id, flags) => override(service, id, flags, (before) => ({ ...before, enabled: false })));
}
