import { hostname } from 'node:os';
import { deferred } from '../../gateway/checks/deferred';
import { startGateway } from '../../gateway/program/gateway';
import { addressWithPort, listenError } from '../../launcher/listening-address';
import { onStopSignal } from '../../launcher/stop-signals';
import { covers } from '../../model/coverage';
import type { Grant, Scope } from '../../model/grant';
import { type Connection, connect, registryCommand } from '../connection/registry';
import { tokenFrom } from '../connection/token-file';
import { CliError, EXIT } from '../terminal/failure';
import { listeningPort } from '../terminal/option-values';
import { counted } from '../terminal/phrases';

/** Scopes on the whole namespace that a gateway needs: to watch what is to be checked, and to report for other tokens. */
const SCOPES: readonly Scope[] = ['read', 'operate'];

/** Matches the name of a runner, which travels in a header. */
const NAME = /^[A-Za-z0-9._-]{1,128}$/;

const HOW = `
Its token must be able to read the namespace and to operate all of its services:
  rollcall token create gateway --grant read:public --grant operate:public
Clients use their own tokens, as with an agent of Consul.

A gateway that ends leaves its services registered: if no gateway with the same
name takes over their checks, they become critical within 30 seconds or three
intervals, and are removed as they have asked for.

Example:
  rollcall gateway --url https://registry.example --token-file gateway.token \\
    --consul-port 8500

See docs/dialects.md.`;

/** Returns the command `rollcall gateway`, which serves clients of Consul beside their services. */
export function gatewayCommand() {
  return registryCommand('gateway')
    .summary("run in place of Consul's agent: its HTTP API, and checks")
    .description(
      "Serves Consul's HTTP API on this machine, passes its requests on to the registry, and runs the HTTP, TCP and gRPC " +
        'checks of the services that register through it, until it is stopped (Ctrl-C or SIGTERM).',
    )
    .requiredOption(
      '--consul-port <port>',
      "port of Consul's HTTP API, usually 8500; 0 for any free port",
      listeningPort,
    )
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--name <name>', 'name under which its checks are registered (default: the name of this host)')
    .option('--node <name>', "node whose agent it is (default: the namespace's default node)")
    .option('--token-file <path>', 'file with its token, or - for standard input')
    .option('--default-token', 'use its token for requests without one: only where every local program may have it')
    .addHelpText('after', HOW)
    .action(
      async ({
        tokenFile,
        consulPort,
        host = '127.0.0.1',
        name = defaultName(),
        node,
        defaultToken = false,
        ...options
      }) => {
        if (!NAME.test(name)) {
          const rule = 'at most 128 letters, digits, dots, hyphens and underscores';
          throw new CliError(EXIT.usage, `--name must have ${rule}, not ${JSON.stringify(name)}.`);
        }
        const token = tokenFile === undefined ? options.token : tokenFrom(tokenFile);
        const connection = connect({ ...options, token });
        const { place, print, registry } = connection;
        await assertAllowed(connection);
        const over = deferred<void>();
        const gateway = await startGateway({
          ...{ url: new URL(place.url).origin, namespace: place.namespace, token: place.token ?? '' },
          ...{ host, consulPort, name, node, defaultToken, registry },
          note: (line) => print.note(line),
          onRefused: (error) => over.reject(error),
        }).catch((error: unknown) => {
          throw listenError(host, consulPort, error, '--consul-port');
        });
        onStopSignal(() => {
          print.note('Stopping.');
          over.resolve();
        });
        const at = `http://${addressWithPort(host, gateway.port)}`;
        print.note(`Consul's API of ${place.namespace} at ${place.url} is at ${at}; checks run as ${name}`);
        try {
          await over.promise;
        } finally {
          const { checks } = gateway;
          await gateway.stop();
          if (checks > 0)
            print.note(`stopped running ${counted(checks, 'check')}, until a gateway named ${name} starts`);
        }
      },
    );
}

/** Returns the name of this host, in the characters that a name may have. */
const defaultName = (): string =>
  hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 128);

/**
 * Checks that the registry answers, and that the token has the scopes that a gateway needs.
 *
 * @throws {CliError} which says what to do.
 */
async function assertAllowed({ registry, place, print }: Connection): Promise<void> {
  const { id, grants, expiresAt } = await registry.readOwnToken();
  const { namespace } = place;
  // `as`: the client's grants have the members of the model's.
  const lacking = SCOPES.filter((scope) => !grants.some((grant) => covers(grant as Grant, scope, { namespace })));
  if (lacking.length > 0) {
    const scopes = lacking.map((scope) => `"${scope}"`).join(' and ');
    const grantWords = SCOPES.map((scope) => `--grant ${scope}:${namespace}`).join(' ');
    throw new CliError(
      EXIT.denied,
      `The token ${id} lacks ${scopes} on the namespace ${namespace}.`,
      `Create one for the gateway: rollcall token create gateway ${grantWords}`,
    );
  }
  if (expiresAt !== undefined) print.warn(`The token of the gateway ends on ${expiresAt}; it stops serving then.`);
}
