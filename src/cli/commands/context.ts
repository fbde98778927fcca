import { readFileSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { type Config, type Context, configPath, readConfig, writeConfig } from '../connection/config-file';
import { CliError, EXIT } from '../terminal/failure';
import { processPrinter } from '../terminal/printer';
import type { Cell } from '../terminal/table';

function change(alter: (config: Config) => void): void {
  const path = configPath(process.env);
  const config = readConfig(path);
  alter(config);
  writeConfig(path, config);
}

function known(config: Config, name: string): Context {
  const context = Object.hasOwn(config.contexts, name) ? config.contexts[name] : undefined;
  if (context !== undefined) return context;
  throw new CliError(EXIT.notFound, `There is no context ${JSON.stringify(name)}.`, 'See: rollcall context ls');
}

/** A token from a file, or from standard input where the file is called `-`. */
function tokenFrom(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').trim();
  } catch (error) {
    throw new CliError(EXIT.failure, `The token can't be read from ${path}: ${String(error)}`);
  }
}

function addCommand() {
  return new Command('add')
    .summary('keep a registry under a name')
    .description(
      'Keeps a registry under a name, and uses it from now on if it is the first. A name that is there is replaced.',
    )
    .argument('<name>', 'what you call it')
    .requiredOption('--url <url>', 'where it answers')
    .option('--token-file <path>', 'file with the token; - reads standard input')
    .option('-n, --namespace <id>', 'namespace that commands are about')
    .action((name, { url, tokenFile, namespace }) => {
      if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
        throw new CliError(EXIT.usage, `--url must be an http or https url, not ${JSON.stringify(url)}.`);
      }
      const token = tokenFile === undefined ? undefined : tokenFrom(tokenFile);
      change((config) => {
        config.contexts = Object.fromEntries([...Object.entries(config.contexts), [name, { url, token, namespace }]]);
        config.current ??= name;
      });
      processPrinter().note(`${name} is kept in ${configPath(process.env)}`);
    });
}

function useCommand() {
  return new Command('use')
    .summary('use a context from now on')
    .description('Uses a context from now on, wherever neither --url nor ROLLCALL_URL is given.')
    .argument('<context>', 'its name')
    .action((name) => {
      change((config) => {
        known(config, name);
        config.current = name;
      });
      processPrinter().note(`${name} is used from now on`);
    });
}

function lsCommand() {
  return new Command('ls')
    .summary('list contexts')
    .description('Lists contexts; a star marks the one in use. Tokens are never shown.')
    .option('--json', 'answer as JSON')
    .action(({ json }) => {
      const { contexts, current } = readConfig(configPath(process.env));
      const names = Object.keys(contexts).sort();
      const list = names.map((name) => {
        const { url = '', namespace, token } = contexts[name] ?? {};
        return { name, url, namespace, token: token !== undefined, current: name === current };
      });
      const rows = list.map((one): Cell[] => {
        const mark: Cell = one.current ? { text: '*', tone: 'good' } : '';
        return [mark, one.name, one.url, one.namespace ?? '', one.token ? 'yes' : 'no'];
      });
      processPrinter({ json }).answer({ contexts: list }, { titles: ['', 'NAME', 'URL', 'NAMESPACE', 'TOKEN'], rows });
    });
}

function rmCommand() {
  return new Command('rm')
    .summary('forget a context')
    .description('Forgets a context and its token.')
    .argument('<context>', 'its name')
    .action((name) => {
      change((config) => {
        known(config, name);
        delete config.contexts[name];
        if (config.current === name) delete config.current;
      });
      processPrinter().note(`${name} is forgotten`);
    });
}

/** `rollcall context`: registries by names of the user's own. */
export function contextCommand() {
  return new Command('context')
    .summary('keep registries under names of your own')
    .description(
      'Keeps registries, with their tokens, under names of your own, in a file that only you may read. Options and the ' +
        'environment go before a context; its token is sent to its own url alone.',
    )
    .addCommand(addCommand())
    .addCommand(useCommand())
    .addCommand(lsCommand())
    .addCommand(rmCommand());
}
