import { Argument, Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { Admin } from '../../client/admin';
import type { Grant, IssuedToken, OwnToken, Token } from '../../client/wire/access-answers';
import { RollcallError } from '../../client/wire/rollcall-error';
import { GROUP_SEPARATOR, joinedName, shortName, splitName } from '../../model/service-name';
import { allPages, connect, registryCommand } from '../connection/registry';
import { confirm } from '../terminal/confirm';
import { duration, serviceName } from '../terminal/option-values';
import { relativeText } from '../terminal/phrases';
import type { Printer } from '../terminal/printer';
import type { Cell } from '../terminal/table';
import { fieldTable } from '../terminal/views';

const GRANTS = `
A grant is scope:namespace, or scope:namespace:service to restrict it to
services, or scope:namespace:keys=pattern to restrict it to entries. Repeat
--grant for further patterns:
  --grant read:public                read everything in public
  --grant 'register:*:orders*'       register instances of services that start
                                     with orders, in any namespace
  --grant operate:staging:eu@@carts  operate any instance of that service
  --grant 'read:public:keys=config/*'  read entries below config/
Scopes: admin, operate, register, read, metrics. See docs/tokens.md.`;

const idArgument = () => new Argument('<token-id>', 'id of the token (not a secret)');

/** Members that an existing token, a new one and the one in use have in common, and those that only some of them have. */
type Shown = Pick<Token, 'id' | 'name' | 'grants' | 'expiresAt'> &
  Partial<Pick<Token, 'pathWrite'> & Pick<OwnToken, 'redeemedId'>>;

function tokenFields({ id, name, grants: given, expiresAt, pathWrite, redeemedId }: Shown, secret?: string) {
  return fieldTable([
    ['id', id],
    ['name', name],
    ['grants', given.map(grantText).join(' ')],
    ['expires', expiresAt === undefined ? 'never' : relativeText(expiresAt)],
    ['allowed in paths', pathWrite ? 'yes' : ''],
    ['redeemed as', redeemedId],
    ['token', secret === undefined ? '' : { text: secret, tone: 'strong' }],
  ]);
}

function showIssued(print: Printer, issued: IssuedToken): void {
  print.answer(issued, tokenFields(issued, issued.token));
  print.note('Save the token: it is shown only once.');
}

function showCommand() {
  return registryCommand('show')
    .summary('show the token in use')
    .description('Shows id, grants and expiry of the token in use, as the registry sees it. The secret is not shown.')
    .action(async (options) => {
      const { registry, print } = connect(options);
      const token = await registry.readOwnToken();
      print.answer(token, tokenFields(token));
    });
}

function lsCommand() {
  return registryCommand('ls')
    .summary('list tokens')
    .description('Lists the tokens that this token may manage. Secrets are not stored and never shown.')
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
        relativeText(each.expiresAt ?? 'never'),
        relativeText(each.lastUsedAt ?? 'never'),
        each.createdBy,
      ]);
      print.answer(
        { tokens },
        {
          titles: ['ID', 'NAME', 'GRANTS', 'EXPIRES', 'LAST USED', 'BY'],
          rows,
          spare: [5, 4, 1, 3],
        },
      );
    });
}

/** Returns the namespaces of grants that do not exist, usually because they are misspelt. */
async function missingNamespaces(registry: Admin, given: readonly Grant[]): Promise<string[]> {
  const named = [...new Set(given.map(({ ns }) => ns))].filter((ns) => ns !== '*');
  const missing = await Promise.all(
    named.map(async (ns) => {
      try {
        await registry.readNamespace({ ns });
        return [];
      } catch (error) {
        // The token exists: no other failure of this check may look as if it did not.
        return error instanceof RollcallError && error.code === 'NAMESPACE_NOT_FOUND' ? [ns] : [];
      }
    }),
  );
  return missing.flat();
}

function createCommand() {
  return registryCommand('create')
    .summary('create a token')
    .description('Creates a token, and shows it once.')
    .argument('<name>', 'name for people: who uses it, and where')
    .requiredOption('--grant <grant>', 'what it allows; may be repeated', grants)
    .option('--expires <duration>', 'expire after this time, such as 30d', duration)
    .option('--allow-in-path', 'allow it in the path of a url, for clients that cannot send headers')
    .addHelpText('after', GRANTS)
    .action(async (name, { grant, expires, allowInPath, ...options }) => {
      const { registry, print } = connect(options);
      const body = { name, grants: grant, expiresInMs: expires, pathWrite: allowInPath };
      showIssued(print, await registry.createToken({ body }));
      for (const id of await missingNamespaces(registry, grant)) {
        print.warn(`namespace ${id} does not exist; its grants apply once it is created: rollcall ns create ${id}`);
      }
    });
}

function rotateCommand() {
  return registryCommand('rotate')
    .summary('rotate the secret of a token')
    .description('Creates a new secret for a token, and shows it once. Id and grants stay the same.')
    .addArgument(idArgument())
    .option('--keep-old <duration>', 'how long the old secret stays valid (default 0s)', duration)
    .action(async (id, { keepOld, ...options }) => {
      const { registry, print } = connect(options);
      showIssued(print, await registry.rotateToken({ id, body: { overlapMs: keepOld } }));
    });
}

function revokeCommand() {
  return registryCommand('revoke')
    .summary('revoke a token')
    .description(
      'Revokes a token everywhere within 30 seconds, including open connections. Repeating it with the same token succeeds.',
    )
    .addArgument(idArgument())
    .option('--yes', 'skip the confirmation')
    .action(async (id, { yes, ...options }) => {
      const { registry, print } = connect(options);
      const question = `Permanently revoke token ${id}? Its users lose access.`;
      await confirm(question, yes, { input: process.stdin, output: process.stderr });
      await registry.revokeToken({ id });
      print.answer({ id, revoked: true }, `revoked token ${id}`);
    });
}

/** `rollcall token`: manages tokens. */
export function tokenCommand() {
  return new Command('token')
    .summary('show, create, rotate and revoke tokens')
    .description(
      'Shows, creates, rotates and revokes tokens. A token can create others for everything that it has admin on.',
    )
    .addCommand(showCommand())
    .addCommand(lsCommand())
    .addCommand(createCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}

/** Scopes of a token, the most powerful first. */
const SCOPES: readonly Grant['scope'][] = ['admin', 'operate', 'register', 'read', 'metrics'];

const isScope = (text: string): text is Grant['scope'] => SCOPES.some((scope) => scope === text);

/** Begins a pattern of keys, in place of one of services. */
const KEYS = 'keys=';

/** Matches what may be a misspelled `keys=`. As the name of a service, it would make a grant that covers nothing. */
const MISTAKEN_MEMBER = /^(keys?|prefix|services?)\s*=/i;

/**
 * Parses a grant of the command line: `read:*`, `register:staging`, `operate:public:orders*`, `read:public:eu@@*` for a
 * whole group, or `read:public:keys=config/*` for entries. It has a scope, a namespace or `*`, and a pattern if it is
 * restricted to services or to entries.
 */
export function grant(text: string): Grant {
  const [scope = '', ns = '', ...rest] = text.split(':');
  if (!isScope(scope))
    throw new InvalidArgumentError(`A grant starts with a scope (${SCOPES.join(', ')}), such as read:public.`);
  if (ns === '') throw new InvalidArgumentError(`A grant needs a namespace, or * for all: ${scope}:public.`);
  const pattern = rest.join(':');
  if (rest.length === 0) return { scope, ns };
  if (pattern === '')
    throw new InvalidArgumentError('A grant must not end with a colon; add a service, or remove the colon.');
  if (pattern === KEYS)
    throw new InvalidArgumentError(`A grant on entries needs their keys: ${scope}:${ns}:keys=config/*.`);
  if (pattern.startsWith(KEYS)) return { scope, ns, keys: [pattern.slice(KEYS.length)] };
  const [, member] = MISTAKEN_MEMBER.exec(pattern) ?? [];
  if (member !== undefined) {
    const hint = `Write ${scope}:${ns}:orders for a service, or ${scope}:${ns}:keys=config/* for entries.`;
    throw new InvalidArgumentError(`A grant has no ${member}=. ${hint}`);
  }
  if (pattern === '*') return { scope, ns, services: ['*'] };
  return { scope, ns, services: [joinedName(serviceName(pattern))] };
}

/** Collects the grants of a repeatable option. */
export function grants(text: string, before: Grant[] = []): Grant[] {
  return [...before, grant(text)];
}

/** Formats a grant; {@link grant} can parse the result if it can express the grant. */
export function grantText({ scope, ns, services = [], keys = [] }: Grant): string {
  const patterns = [...services.map(patternText), ...keys.map((pattern) => `${KEYS}${pattern}`)];
  return [scope, ns, ...(patterns.length > 0 ? [patterns.join(',')] : [])].join(':');
}

/** Shortens a pattern in the default group, unless that changes its meaning: `*` alone means every group. */
function patternText(pattern: string): string {
  if (!pattern.includes(GROUP_SEPARATOR)) return pattern;
  const short = shortName(splitName(pattern));
  return short === '*' ? pattern : short;
}
