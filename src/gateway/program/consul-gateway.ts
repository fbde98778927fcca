import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Admin } from '../../client/admin';
import type { RollcallError } from '../../client/wire/rollcall-error';
import { TargetRules } from '../checks/addresses';
import { CheckRunner } from '../checks/check-runner';
import { runCheck } from '../checks/run-check';
import { RemoteRegistry } from '../sources/remote-registry';
import { consulDoor } from './consul-door';
import { Forwarder } from './forwarder';
import { Keeper } from './keeper';
import { listen } from './listen';

/** Time for requests under way when the gateway stops. Blocking queries take longer, and are cut off. */
const STOP_GRACE_MS = 3_000;

/** Time after which an idle connection is closed: longer than Consul's clients keep one, so that none is closed in use. */
const IDLE_CONNECTION_MS = 120_000;

/** Largest head of a request. Consul's clients send filters in the path. */
const HEADERS_MAX_BYTES = 64 * 1024;

/** Parameters of {@link startConsulGateway}. */
export interface ConsulGatewayOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  /** Token that may read the namespace and operate its services. */
  token: string;
  namespace: string;
  host: string;
  /** Port of Consul's HTTP API; 0 for any free port. */
  consulPort: number;
  /** Name of the runner. A gateway with the same name takes its checks over. */
  name: string;
  /** Node whose agent the gateway is; undefined: the default node of the namespace. */
  node: string | undefined;
  /** True: requests without a token are sent with that of the gateway. */
  defaultToken: boolean;
  /** Calls of the registry with the gateway's token. */
  registry: Admin;
  note(line: string): void;
  /** Called if the registry refuses the gateway for good. */
  onRefused(error: RollcallError): void;
}

/** A running gateway for clients of Consul. */
export interface ConsulGateway {
  readonly port: number;
  /** Number of checks that it runs. */
  readonly checks: number;
  /** Ends requests under way, and stops. Instances keep their leases, for the next gateway of that name. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway for clients of Consul: its HTTP API on a port, and the checks of services that register through it.
 *
 * @throws {Error} if the port can't be opened.
 * @throws {RollcallError} if the registry does not grant it a lease.
 */
export async function startConsulGateway(options: ConsulGatewayOptions): Promise<ConsulGateway> {
  const { url, token, namespace, name, node, note, onRefused } = options;
  const forwarder = new Forwarder({
    url,
    door: consulDoor({ namespace, node, runner: name }),
    defaultToken: options.defaultToken ? token : undefined,
  });
  const limits = { maxHeaderSize: HEADERS_MAX_BYTES, requestTimeout: 0, keepAliveTimeout: IDLE_CONNECTION_MS };
  const server = createServer(limits, (message, response) => forwarder.handle(message, response));
  await listen(server, options.host, options.consulPort);
  const keeper = new Keeper(options.registry);
  const rules = new TargetRules({ loopback: true });
  const runner = new CheckRunner({
    registry: new RemoteRegistry({ url, token, namespace, runner: name, onRefused, onWarning: note }),
    run: (check, address, signal) => runCheck(check, address, rules, signal),
    log: (_level, message, facts) => note([message, ...Object.values(facts ?? {})].join(': ')),
  });
  const stop = async (): Promise<void> => {
    await Promise.all([close(server), runner.close(), keeper.close()]);
    forwarder.close();
  };
  try {
    await keeper.start();
  } catch (error) {
    await stop();
    throw error;
  }
  runner.start();
  return {
    port: (server.address() as AddressInfo).port, // `as`: it listens on a port
    get checks() {
      return runner.size;
    },
    stop,
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
