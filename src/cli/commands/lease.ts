import { Argument, Command } from '@commander-js/extra-typings';
import type { GrantedLease } from '../../client/wire/lease-answers';
import { allPages, connect, registryCommand } from '../connection/registry';
import { CliError, EXIT } from '../terminal/failure';
import { duration } from '../terminal/option-values';
import { counted, durationText, keyText, relativeText, spanText } from '../terminal/phrases';
import type { Cell } from '../terminal/table';
import { fieldTable } from '../terminal/views';

/** `rollcall lease`: manages leases. */
export function leaseCommand() {
  return new Command('lease')
    .summary('grant, show, renew and revoke leases')
    .description(
      'Manages leases. When a lease ends, all entries and instances that it holds are removed together, and its locks are released.',
    )
    .addCommand(grantCommand())
    .addCommand(lsCommand())
    .addCommand(showCommand())
    .addCommand(renewCommand())
    .addCommand(revokeCommand())
    .addHelpText('after', EXAMPLES);
}

const EXAMPLES = `
Examples:
  lease=$(rollcall lease grant --ttl 30s)           grant a lease, and keep its id
  rollcall kv put workers/7 busy --lease "$lease"   an entry that ends with it
  rollcall lease renew "$lease"                     restart its time to live
  rollcall lease show "$lease"                      what it holds
  rollcall lease revoke "$lease"                    end it`;

/** Argument for a lease. Completion depends on its name: see `completion.ts`. */
const idArgument = () => new Argument('<lease>', 'id or alias of the lease');

function grantCommand() {
  return registryCommand('grant')
    .summary('grant a lease')
    .description('Grants a lease, and prints its id. Renew it before its time to live is over: rollcall lease renew.')
    .option('--ttl <duration>', 'end it this long after its last renewal, such as 30s', duration)
    .option('--until-revoked', 'end it only when it is revoked')
    .option('--alias <number>', 'a number of your choice that other commands accept in place of the id')
    .option('--lock-delay <duration>', 'keep its locks from others this long after its end', duration)
    .action(async ({ ttl, untilRevoked, alias, lockDelay: lockDelayMs, ...options }) => {
      if ((ttl === undefined) !== (untilRevoked === true)) {
        const message = 'Give either --ttl or --until-revoked.';
        throw new CliError(EXIT.usage, message, 'See: rollcall lease grant --help');
      }
      const { registry, print } = connect(options);
      const lease = await registry.grantLease({ body: { ttlMs: ttl ?? null, alias, lockDelayMs } });
      print.answer(lease, lease.id);
    });
}

function lsCommand() {
  return registryCommand('ls')
    .summary('list leases')
    .description('Lists the leases of this token, or all leases if it may operate the namespace.')
    .action(async (options) => {
      const { registry, print, place } = connect(options);
      const { items: leases } = await allPages(
        (after) => registry.listGrantedLeases({ after }),
        (list) => list.leases,
      );
      if (leases.length === 0 && !print.json) print.note(`Namespace ${place.namespace} has no leases.`);
      const rows = leases.map((each): Cell[] => [
        each.id,
        each.alias ?? '',
        ttlText(each),
        remainingText(each),
        each.holds.entries,
        each.holds.instances,
        each.holds.locks,
        each.owner,
        relativeText(each.grantedAt),
      ]);
      const titles = ['ID', 'ALIAS', 'TTL', 'ENDS IN', 'ENTRIES', 'INSTANCES', 'LOCKS', 'OWNER', 'GRANTED'];
      print.answer({ leases }, { titles, rows, spare: [8, 7, 1] });
    });
}

function showCommand() {
  return registryCommand('show')
    .summary('show a lease, and what it holds')
    .description('Shows a lease with the keys, locks and instances that it holds. The exit code is 3 if it has ended.')
    .addArgument(idArgument())
    .action(async (lease, options) => {
      const { registry, print } = connect(options);
      const found = await registry.readGrantedLease({ lease });
      const keys = found.entries.map((each): Cell[] => ['entry', keyText(each)]);
      const instances = found.instances.map((each): Cell[] => [
        'instance',
        `${each.group}@@${each.service}/${each.id}`,
      ]);
      const locks = found.locks.map((each): Cell[] => ['lock', keyText(each)]);
      print.answer(found, leaseFields(found), { rows: [...keys, ...locks, ...instances] });
    });
}

function renewCommand() {
  return registryCommand('renew')
    .summary('renew a lease')
    .description('Renews a lease: its time to live starts again. The exit code is 3 if it has ended.')
    .addArgument(idArgument())
    .action(async (lease, options) => {
      const { registry, print } = connect(options);
      const renewed = await registry.renewGrantedLease({ lease });
      const { id, ttlMs } = renewed;
      const done =
        ttlMs === null
          ? `lease ${id} does not expire; revoke it to end it`
          : `renewed lease ${id} for ${durationText(ttlMs)}`;
      print.answer(renewed, done);
    });
}

function revokeCommand() {
  return registryCommand('revoke')
    .summary('end a lease')
    .description(
      'Ends a lease, removes everything that it holds, and releases its locks. The exit code is 3 if it has already ended.',
    )
    .addArgument(idArgument())
    .action(async (lease, options) => {
      const { registry, print } = connect(options);
      const { id, holds } = await registry.readGrantedLease({ lease });
      await registry.revokeGrantedLease({ lease });
      const what = holdsText(holds, ' and ');
      print.answer({ id, revoked: true, holds }, `revoked lease ${id}, which held ${what}`);
    });
}

const ttlText = ({ ttlMs }: GrantedLease): string => (ttlMs === null ? 'until revoked' : durationText(ttlMs));

const remainingText = ({ remainingMs }: GrantedLease): string => (remainingMs === null ? '' : spanText(remainingMs));

function holdsText({ entries, instances, locks }: GrantedLease['holds'], joint: string): string {
  const counts = [counted(entries, 'entry', 'entries'), counted(instances, 'instance')];
  if (locks > 0) counts.push(counted(locks, 'lock'));
  return counts.join(joint);
}

function leaseFields(lease: GrantedLease) {
  return fieldTable([
    ['id', lease.id],
    ['alias', lease.alias],
    ['time to live', ttlText(lease)],
    ['ends in', remainingText(lease)],
    ['owner', lease.owner],
    ['granted', relativeText(lease.grantedAt)],
    ['lock delay', lease.lockDelayMs === 0 ? '' : durationText(lease.lockDelayMs)],
    ['holds', holdsText(lease.holds, ', ')],
  ]);
}
