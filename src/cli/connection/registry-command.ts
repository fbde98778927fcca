import { Argument, Command } from '@commander-js/extra-typings';
import { duration, serviceName } from '../options/option-values';

/** A command that talks to a registry: which one, as whom, and how it answers. */
export function registryCommand(name: string) {
  return new Command(name)
    .optionsGroup('Registry:')
    .option('--url <url>', 'where the registry answers (or ROLLCALL_URL)')
    .option('--token <token>', 'the token (or ROLLCALL_TOKEN)')
    .option('-n, --namespace <id>', 'namespace (or ROLLCALL_NAMESPACE; default public)')
    .option('--context <name>', 'a context of yours; see: rollcall context')
    .option('--timeout <duration>', 'give up after so long, such as 5s', duration)
    .optionsGroup('Output:')
    .option('--json', 'answer as JSON')
    .option('--verbose', 'tell which registry is asked, as whom, and each call')
    .optionsGroup('Options:');
}

/** The options that every such command has. */
export type RegistryFlags = ReturnType<ReturnType<typeof registryCommand>['opts']>;

/** A service by its name. Its name is what completion goes by: see `candidates.ts`. */
export const serviceArgument = () =>
  new Argument('<service>', 'the service: orders, or group@@orders').argParser(serviceName);

/** An instance of the service before it. */
export const idArgument = () => new Argument('<id>', 'id of the instance');
