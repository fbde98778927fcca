import { Command } from '@commander-js/extra-typings';
import { type Config, type Context, configPath, readConfig, writeConfig } from '../connection/config-file';
import { assertRegistryUrl } from '../connection/place';
import { tokenFrom } from '../connection/token-file';
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

function addCommand() {
  return new Command('add')
    .summary('save a registry under a name')
    .description('Saves a registry under a name. The first one becomes the current context. Replaces an existing name.')
    .argument('<name>', 'name of the context')
    .requiredOption('--url <url>', 'url of the registry')
    .option('--token-file <path>', 'file with the token, or - for standard input')
    .option('-n, --namespace <id>', 'namespace that commands use')
    .action((name, { url, tokenFile, namespace }) => {
      assertRegistryUrl({ value: url, source: '--url' });
      const token = tokenFile === undefined ? undefined : tokenFrom(tokenFile);
      change((config) => {
        config.contexts = Object.fromEntries([...Object.entries(config.contexts), [name, { url, token, namespace }]]);
        config.current ??= name;
      });
      processPrinter().note(`saved ${name} in ${configPath(process.env)}`);
    });
}

function useCommand() {
  return new Command('use')
    .summary('set the current context')
    .description('Sets the current context, which applies unless --url or ROLLCALL_URL is given.')
    .argument('<context>', 'name of the context')
    .action((name) => {
      change((config) => {
        known(config, name);
        config.current = name;
      });
      processPrinter().note(`the current context is ${name}`);
    });
}

function lsCommand() {
  return new Command('ls')
    .summary('list contexts')
    .description('Lists contexts; a star marks the current one. Tokens are never shown.')
    .option('--json', 'print JSON')
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
    .summary('remove a context')
    .description('Removes a context and its token.')
    .argument('<context>', 'name of the context')
    .action((name) => {
      change((config) => {
        known(config, name);
        delete config.contexts[name];
        if (config.current === name) delete config.current;
      });
      processPrinter().note(`removed ${name}`);
    });
}

/** `rollcall context`: saved registries. */
export function contextCommand() {
  return new Command('context')
    .summary('save registries under names')
    .description(
      'Saves registries and their tokens under names, in a file that only you can read. Options and environment ' +
        'variables take precedence over a context; its token is only sent to its own url.',
    )
    .addCommand(addCommand())
    .addCommand(useCommand())
    .addCommand(lsCommand())
    .addCommand(rmCommand());
}
