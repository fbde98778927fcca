import { Argument, Command } from '@commander-js/extra-typings';
import type { IssuedToken, Token } from '../../client/wire/directory-answers';
import { allPages } from '../connection/all-pages';
import { connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { grants, grantText } from '../options/grant-text';
import { duration } from '../options/option-values';
import { confirm } from '../terminal/confirm';
import type { Printer } from '../terminal/printer';
import type { Cell } from '../terminal/table';
import { fieldTable } from '../views/views';

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
