import { duration } from '../options/option-values';
import { override, overrideCommand } from './override-command';

/** `rollcall quarantine`: no traffic, whatever the instance beats or registers. */
export function quarantineCommand() {
  return overrideCommand('quarantine')
    .summary('keep an instance out of traffic, whatever it says')
    .description('Keeps an instance out of traffic, whatever it beats or registers, until that is lifted.')
    .option('--for <duration>', 'lifted by itself after so long, such as 10m', duration)
    .option('--reason <text>', 'why, for those who find it')
    .option('--lift', 'end the quarantine')
    .action((service, id, { for: forMs, reason, lift, ...flags }) =>
      override(service, id, flags, (before) => {
        if (lift === true) return { ...before, quarantine: undefined };
        const until = forMs === undefined ? undefined : new Date(Date.now() + forMs).toISOString();
        return { ...before, quarantine: { until, reason } };
      }),
    );
}
