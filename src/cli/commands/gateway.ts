import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { PortTls } from '../../gateway/grpc/shared-port';
import type { ConsulGatewayOptions } from '../../gateway/program/consul-gateway';
import { addressWithPort, freeNacosPort, listenError } from '../../launcher/listening-address';
import { NACOS_GRPC_OFFSET } from '../../launcher/serve-options';
import { onStopSignal } from '../../launcher/stop-signals';
import { covers } from '../../model/coverage';
import { deferred } from '../../model/deferred';
import type { Grant, Scope } from '../../model/grant';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { type Connection, connect, registryCommand } from '../connection/registry';
import { tokenFrom } from '../connection/token-file';
import { CliError, EXIT } from '../terminal/failure';
import { listeningPort, nacosListeningPort } from '../terminal/option-values';
import { counted } from '../terminal/phrases';

/** Scopes on the whole namespace that a gateway needs: to watch what is to be checked, and to report for other tokens. */
const SCOPES: readonly Scope[] = ['read', 'operate'];

/** Matches the name of a runner, which travels in a header. */
const NAME = /^[A-Za-z0-9._-]{1,128}$/;

const HOW = `
Its token must be able to read the namespace and to operate all of its services:
  rollcall token create gateway --grant read:public --grant operate:public
Clients use their own tokens: with Consul's API as with an agent, and with
etcd's and Nacos' as the password of any user name.

A gateway that ends leaves what its clients have registered: their leases have
their whole time to live, for them to come back or go to another gateway. Checks
of Consul that no gateway with the same name takes over become critical within
30 seconds or three intervals.

Examples:
  rollcall gateway --url https://registry.example --token-file gateway.token \\
    --consul-port 8500
  rollcall gateway --url https://registry.example --token-file gateway.token \\
    --etcd-port 2379
  rollcall gateway --url https://registry.example --token-file gateway.token \\
    --nacos-port 8848

See docs/command-line.md.`;

/** Returns the command `rollcall gateway`, which serves clients of Consul, etcd and Nacos beside their services. */
export function gatewayCommand() {
  return registryCommand('gateway')
    .summary("run in place of Consul's agent, or of a server of etcd or Nacos")
    .description(
      'Serves clients of other registries on this machine, for a registry elsewhere, until it is stopped (Ctrl-C or ' +
        "SIGTERM): with --consul-port Consul's HTTP API, and the HTTP, TCP and gRPC checks of the services that register " +
        "through it; with --etcd-port etcd's API, by gRPC and JSON; with --nacos-port Nacos' HTTP API, and its gRPC on the " +
        'port 1000 above.',
    )
    .option('--consul-port <port>', "port of Consul's HTTP API, usually 8500; 0 for any free port", listeningPort)
    .option('--etcd-port <port>', "port of etcd's API, usually 2379; 0 for any free port", listeningPort)
    .option('--nacos-port <port>', "port of Nacos' HTTP API, usually 8848; 0 for any free port", nacosListeningPort)
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--tls-cert <file>', 'certificate chain of the ports of etcd and Nacos in PEM; enables TLS there')
    .option('--tls-key <file>', 'private key of the certificate, in PEM')
    .option('--etcd-client-ca <file>', "authority of the certificates that etcd's clients must have, in PEM")
    .option('--name <name>', 'name under which its checks are registered (default: the name of this host)')
    .option('--node <name>', "node whose agent it is (default: the namespace's default node)")
    .option('--token-file <path>', 'file with its token, or - for standard input')
    .option('--default-token', 'use its token for requests without one: only where every local program may have it')
    .addHelpText('after', HOW)
    .action(async (given) => {
      const { tokenFile, consulPort, etcdPort, nacosPort, node, ...options } = given;
      const { host = '127.0.0.1', name = defaultName() } = given;
      if (consulPort === undefined && etcdPort === undefined && nacosPort === undefined) {
        const message = 'Give --consul-port, --etcd-port, --nacos-port, or several: which clients the gateway serves.';
        throw new CliError(EXIT.usage, message);
      }
      if (!NAME.test(name)) {
        const rule = 'at most 128 letters, digits, dots, hyphens and underscores';
        throw new CliError(EXIT.usage, `--name must have ${rule}, not ${JSON.stringify(name)}.`);
      }
      const tls = tlsOf(options);
      const token = tokenFile === undefined ? options.token : tokenFrom(tokenFile);
      const connection = connect({ ...options, token });
      const { place, print, registry } = connection;
      await assertAllowed(connection);
      const over = deferred<void>();
      const note = (line: string): void => print.note(line);
      const { defaultToken = false } = options;
      const at = { url: new URL(place.url).origin, namespace: place.namespace, token: place.token ?? '' };
      const gateways = new Gateways(note);
      onStopSignal(() => {
        print.note('Stopping.');
        over.resolve();
      });
      const parts: GatewayParts = { ...at, host, tls, defaultToken, reached: place.url, note, gateways };
      try {
        if (consulPort !== undefined) {
          const onRefused = (error: Error): void => over.reject(error);
          await serveConsul(parts, { consulPort, name, node, registry, onRefused });
        }
        if (etcdPort !== undefined) await serveEtcd(parts, etcdPort);
        if (nacosPort !== undefined) await serveNacos(parts, nacosPort);
        await over.promise;
      } finally {
        await gateways.stop();
      }
    });
}

/** Parts of the gateways of this process. */
interface GatewayParts {
  /** URL of the registry, without a path. */
  url: string;
  namespace: string;
  token: string;
  host: string;
  tls: PortTls | undefined;
  defaultToken: boolean;
  /** URL of the registry, for messages. */
  reached: string;
  note(line: string): void;
  gateways: Gateways;
}

/** Parts of the gateway for clients of Consul alone. */
type ConsulParts = Pick<ConsulGatewayOptions, 'consulPort' | 'name' | 'node' | 'registry' | 'onRefused'>;

/** Adds the option to an error about listening. */
function orListenError(host: string, port: number, option: string) {
  return (error: unknown): never => {
    throw listenError(host, port, error, option);
  };
}

const schemeOf = (tls: PortTls | undefined): string => (tls === undefined ? 'http' : 'https');

/** Serves clients of Consul. */
async function serveConsul({ gateways, tls: _tls, ...parts }: GatewayParts, consulParts: ConsulParts): Promise<void> {
  const { host, namespace, reached, note } = parts;
  const { consulPort, name } = consulParts;
  const { startConsulGateway } = await import('../../gateway/program/consul-gateway');
  const started = startConsulGateway({ ...parts, ...consulParts });
  const consul = await started.catch(orListenError(host, consulPort, '--consul-port'));
  gateways.add(consul, () => {
    if (consul.checks === 0) return undefined;
    return `stopped running ${counted(consul.checks, 'check')}, until a gateway named ${name} starts`;
  });
  const address = addressWithPort(host, consul.port);
  note(`Consul's API of ${namespace} at ${reached} is at http://${address}; checks run as ${name}`);
}

/** Serves clients of etcd. */
async function serveEtcd({ gateways, ...parts }: GatewayParts, etcdPort: number): Promise<void> {
  const { host, namespace, tls, reached, note } = parts;
  // Loaded when it is used: its packages take longer to load than all others of the command line.
  const { startEtcdGateway } = await import('../../gateway/program/etcd-gateway');
  const etcd = await startEtcdGateway({ ...parts, etcdPort }).catch(orListenError(host, etcdPort, '--etcd-port'));
  gateways.add(etcd, () => {
    if (etcd.leases === 0) return undefined;
    return `stopped keeping ${counted(etcd.leases, 'lease')}; each has its time to live for its client to come back`;
  });
  note(`etcd's API of ${namespace} at ${reached} is at ${schemeOf(tls)}://${addressWithPort(host, etcd.port)}`);
}

/** Serves clients of Nacos. */
async function serveNacos({ gateways, ...parts }: GatewayParts, given: number): Promise<void> {
  const { host, reached, note } = parts;
  const { startNacosGateway } = await import('../../gateway/program/nacos-gateway');
  const nacosPort = given === 0 ? await freeNacosPort(host) : given;
  const grpcPort = nacosPort + NACOS_GRPC_OFFSET;
  const tls = parts.tls && { cert: parts.tls.cert, key: parts.tls.key };
  // Clients name namespaces themselves, so only another one is a choice.
  const namespace = parts.namespace === DEFAULT_NAMESPACE ? undefined : parts.namespace;
  const started = startNacosGateway({ ...parts, namespace, tls, nacosPort, grpcPort });
  const nacos = await started.catch(orListenError(host, nacosPort, '--nacos-port'));
  gateways.add(nacos, () => {
    if (nacos.connections === 0) return undefined;
    const clients = counted(nacos.connections, 'client');
    return `disconnected ${clients}; their instances stay for the time to live of a session, to be registered elsewhere`;
  });
  const address = addressWithPort(host, nacos.port);
  note(`Nacos' API at ${reached} is at ${schemeOf(tls)}://${address}, by gRPC on port ${nacos.grpcPort}`);
}

/** The gateways of this process, and what is to be said about each once it has stopped. */
class Gateways {
  readonly #started: { gateway: { stop(): Promise<void> }; farewell: () => string | undefined }[] = [];
  readonly #note: (line: string) => void;

  constructor(note: (line: string) => void) {
    this.#note = note;
  }

  add(gateway: { stop(): Promise<void> }, farewell: () => string | undefined): void {
    this.#started.push({ gateway, farewell });
  }

  async stop(): Promise<void> {
    for (const { gateway, farewell } of this.#started) {
      const text = farewell();
      await gateway.stop();
      if (text !== undefined) this.#note(text);
    }
  }
}

/** Reads the files of TLS. @throws {CliError} for a part without the others. */
function tlsOf(options: { tlsCert?: string; tlsKey?: string; etcdClientCa?: string }): PortTls | undefined {
  const { tlsCert, tlsKey, etcdClientCa } = options;
  if (tlsCert === undefined && tlsKey === undefined && etcdClientCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CliError(EXIT.usage, '--tls-cert and --tls-key belong together, and --etcd-client-ca needs both.');
  }
  const cert = fileText(tlsCert, '--tls-cert');
  const key = fileText(tlsKey, '--tls-key');
  return { cert, key, ...(etcdClientCa !== undefined && { ca: fileText(etcdClientCa, '--etcd-client-ca') }) };
}

function fileText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `The file of ${option} can't be read: ${path}.`, undefined, { cause: error });
  }
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
