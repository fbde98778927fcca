import { Argument, Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { Grant, IssuedToken, Token } from '../../client/wire/directory-answers';
import { GROUP_SEPARATOR, joinedName, shortName, splitName } from '../../model/service-name';
import { allPages, connect, registryCommand } from '../connection/registry';
import { confirm } from '../terminal/confirm';
import { duration, serviceName } from '../terminal/option-values';
import type { Printer } from '../terminal/printer';
import type { Cell } from '../terminal/table';
import { fieldTable } from '../terminal/views';

const GRANTS = `
A grant is written scope:namespace, or scope:namespace:service for some services only:
  --grant read:public                everything in public, to read
  --grant 'register:*:orders*'       instances of its own, of services that begin so, anywhere
  --grant operate:staging:eu@@carts  any instance of that service
Scopes: admin, operate, register, read, metrics.`;

const idArgument = () => new Argument('<token-id>', 'id of the token, which is no secret');

function tokenFields({ id, name, grants: given, expiresAt, pathWrite }: Token, secret?: string) {
  return fieldTable([
    ['id', id],
    ['name', name],
    ['grants', given.map(grantText).join(' ')],
    ['good until', expiresAt ?? 'it is revoked'],
    ['for paths', pathWrite ? 'yes' : ''],
    ['token', secret === undefined ? '' : { text: secret, tone: 'strong' }],
  ]);
}

function showIssued(print: Printer, issued: IssuedToken): void {
  print.answer(issued, tokenFields(issued, issued.token));
  print.note('Keep the token: it is shown this once.');
}

function lsCommand() {
  return registryCommand('ls')
    .summary('list tokens')
    .description('Lists the tokens that this one could have made. Their secrets are not kept, and not shown.')
    .action(async (options) => {
      const { registry, print } = connect(options);
      const { items: tokens } = await allPages(
        (after) => registry.listTokens({ after }),
        (list) => list.tokens,
      );
      const rows = tokens.map((each): Cell[] => [
        each.id,
        each.name,
        each.grants.map(grantText).join(' '),
        each.expiresAt ?? 'until revoked',
        each.lastUsedAt ?? 'never',
        each.createdBy,
      ]);
      print.answer({ tokens }, { titles: ['ID', 'NAME', 'GRANTS', 'GOOD UNTIL', 'LAST USED', 'BY'], rows });
    });
}

function createCommand() {
  return registryCommand('create')
    .summary('make a token')
    .description('Makes a token, and shows it this once.')
    .argument('<name>', 'for people: who uses it, where')
    .requiredOption('--grant <grant>', 'what it is good for; may come many times', grants)
    .option('--expires <duration>', 'it ends after so long, such as 30d', duration)
    .option('--path-write', 'taken from the path of a url, for clients that can send no header')
    .addHelpText('after', GRANTS)
    .action(async (name, { grant, expires, pathWrite, ...options }) => {
      const { registry, print } = connect(options);
      const body = { name, grants: grant, expiresInMs: expires, pathWrite };
      showIssued(print, await registry.createToken({ body }));
    });
}

function rotateCommand() {
  return registryCommand('rotate')
    .summary('give a token a new secret')
    .description('Gives a token a new secret, and shows it this once. Its id and its grants stay.')
    .addArgument(idArgument())
    .option('--overlap <duration>', 'the secret before it is good for so long yet (default 0s)', duration)
    .action(async (id, { overlap, ...options }) => {
      const { registry, print } = connect(options);
      showIssued(print, await registry.rotateToken({ id, body: { overlapMs: overlap } }));
    });
}

function revokeCommand() {
  return registryCommand('revoke')
    .summary('end a token')
    .description(
      'Ends a token, everywhere within 30 seconds, on open connections too. May be repeated with the token that did it.',
    )
    .addArgument(idArgument())
    .option('--yes', 'do not ask')
    .action(async (id, { yes, ...options }) => {
      const { registry, print } = connect(options);
      const question = `End token ${id} for good? Whoever uses it is out.`;
      await confirm(question, yes, { input: process.stdin, output: process.stderr });
      await registry.revokeToken({ id });
      print.answer({ id, revoked: true }, `token ${id} is not good any more`);
    });
}

/** `rollcall token`: who may do what. */
export function tokenCommand() {
  return new Command('token')
    .summary('make, rotate and revoke tokens')
    .description('Makes, rotates and revokes tokens. A token can make others for what it is good for as admin.')
    .addCommand(lsCommand())
    .addCommand(createCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}

/** What a token may be good for, in the order of what it allows. */
const SCOPES: readonly Grant['scope'][] = ['admin', 'operate', 'register', 'read', 'metrics'];

const isScope = (text: string): text is Grant['scope'] => SCOPES.some((scope) => scope === text);

/**
 * A grant as the command line writes it: `read:*`, `register:staging`, `operate:public:orders*`, and `read:public:eu@@*`
 * for a whole group. What it is good for comes first, then a namespace or `*`, then services where it is for some only.
 */
export function grant(text: string): Grant {
  const [scope = '', ns = '', ...rest] = text.split(':');
  if (!isScope(scope))
    throw new InvalidArgumentError(`A grant begins with one of ${SCOPES.join(', ')}, such as read:public.`);
  if (ns === '') throw new InvalidArgumentError(`A grant names a namespace, or * for all: ${scope}:public.`);
  const pattern = rest.join(':');
  if (rest.length === 0) return { scope, ns };
  if (pattern === '') throw new InvalidArgumentError('A grant that ends with a colon names no service.');
  if (pattern === '*') return { scope, ns, services: ['*'] };
  return { scope, ns, services: [joinedName(serviceName(pattern))] };
}

/** Grants, of an option that may come many times. */
export function grants(text: string, before: Grant[] = []): Grant[] {
  return [...before, grant(text)];
}

/** A grant as it is read: as {@link grant} takes it, where it takes it at all. */
export function grantText({ scope, ns, services = [] }: Grant): string {
  const patterns = services.map(patternText);
  return [scope, ns, ...(patterns.length > 0 ? [patterns.join(',')] : [])].join(':');
}

/** A pattern without the default group, unless what is left would mean something else: `*` alone is every group. */
function patternText(pattern: string): string {
  if (!pattern.includes(GROUP_SEPARATOR)) return pattern;
  const short = shortName(splitName(pattern));
  return short === '*' ? pattern : short;
}
