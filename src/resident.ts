import consoleFiles from '#console-files';
import { version } from '../package.json';
import { DIALECTS } from './dialects/dialects';
import { listenForEtcd } from './gateway/etcd/etcd-listener';
import { NearClients } from './gateway/etcd/near-clients';
import { listenForNacos } from './gateway/nacos/nacos-listener';
import { NearNacosClients } from './gateway/nacos/near-clients';
import { type HostChecks, startHostChecks } from './gateway/program/host-checks';
import { HOST_RUNNER } from './gateway/sources/door-calls';
import { addressOf } from './host/resident/listener/light-request';
import { acceptor, type Listener, listen } from './host/resident/listener/listener';
import { ResidentPlatform } from './host/resident/resident-platform';
import { claimsOfDialects, createApp } from './http/app';
import { LaunchError } from './launcher/launch-error';
import { listenError } from './launcher/listening-address';
import { liveAsResident, type RegistrySettings, type ServingRegistry } from './launcher/resident-life';
import { NACOS_GRPC_OFFSET } from './launcher/serve-options';
import { LAYOUTS } from './layouts/layouts';
import { RegistryError } from './model/errors';
import type { ServiceKey } from './model/namespace-api';
import { DEFAULT_NAMESPACE } from './model/service-name';

/** URL of the checkpoint worker's built file, in the same folder as this one. */
const CHECKPOINT_WORKER = new URL('./checkpoint-worker.js', import.meta.url);

/** Starts the registry: the app on the resident host, behind a listener. */
async function startRegistry(settings: RegistrySettings, onLost: (reason: string) => void): Promise<ServingRegistry> {
  const writeLine = (line: string) => void process.stderr.write(`${line}\n`);
  const platform = await ResidentPlatform.start(
    { ...settings, claimsOf: claimsOfDialects(DIALECTS), layouts: LAYOUTS, writeLine, onLost },
    CHECKPOINT_WORKER,
  ).catch((error: unknown) => {
    // A file is damaged or can't be opened: print the message without a stack.
    throw error instanceof RegistryError ? new LaunchError(error.message, 1, { cause: error }) : error;
  });
  let checks: HostChecks | undefined;
  /** Addresses of clients whose requests do not come from the listener. */
  const addresses = new WeakMap<Request, string>();
  const app = createApp({
    ...platform.appOptions,
    ...(settings.consulPort === undefined
      ? {}
      : {
          checkRunner: HOST_RUNNER,
          checksChanged: (namespace: string, service?: ServiceKey) => checks?.changed(namespace, service),
        }),
    addressOf: (request) => addresses.get(request) ?? addressOf(request),
    dialects: DIALECTS,
    consoleFiles,
    rootToken: settings.rootToken,
    trustedProxy: settings.trustedProxy,
    corsOrigins: settings.corsOrigins.join(','),
    logLevel: settings.logLevel,
    writeLog: (_level, line) => writeLine(line),
    namespaceDomain: settings.namespaceDomain,
    build: { version, commit: settings.commit },
  });
  const { consulPort, etcdPort, nacosPort, host } = settings;
  const nacosPorts = nacosPort === undefined ? [] : [nacosPort, nacosPort + NACOS_GRPC_OFFSET];
  const ports = [settings.port, consulPort, etcdPort, ...nacosPorts].filter((port) => port !== undefined);
  // The listeners share the descriptors.
  const maxConnections = settings.maxConnections && Math.max(1, Math.floor(settings.maxConnections / ports.length));
  const answer = (request: Request): Promise<Response> => app.fetch(request);
  /** Answers a request that does not come from the listener. */
  const answerFrom = (request: Request, address: string): Promise<Response> => {
    addresses.set(request, address);
    return answer(request);
  };
  const { log } = platform;
  const scheme = settings.tls === undefined ? 'http' : 'https';
  const listenAt = (port: number): Promise<Listener> =>
    listen({ host, port, tls: settings.tls, answer, maxConnections, log });
  const listener = await listenAt(settings.port);
  const others: Closing[] = [];
  const started: ServingPorts = { port: listener.port };
  if (etcdPort !== undefined) {
    const http = acceptor({ host, scheme, answer: (request) => answer(onEtcdPort(request)), log });
    const etcd = await listenForEtcd({
      host,
      port: etcdPort,
      tls: settings.tls && { ...settings.tls, ...(settings.etcdClientCa && { ca: settings.etcdClientCa }) },
      clients: new NearClients(app.access),
      acceptHttp: (socket) => http.accept(socket),
      answerHttp2: (request, address) => answerFrom(onEtcdPort(request), address),
      maxConnections,
      log,
    }).catch((error: unknown) => {
      throw listenError(host, etcdPort, error, '--etcd-port');
    });
    others.push(etcd, http);
    started.etcdPort = etcd.port;
  }
  if (nacosPort !== undefined) {
    const taken = (error: unknown): never => {
      throw listenError(host, nacosPort, error, '--nacos-port');
    };
    const nacos = await listenAt(nacosPort).catch(taken);
    const http = acceptor({ host, scheme, answer, log });
    const grpc = await listenForNacos({
      host,
      port: nacosPort + NACOS_GRPC_OFFSET,
      tls: settings.tls,
      clients: new NearNacosClients({ ...app.access, answer: answerFrom }),
      acceptHttp: (socket) => http.accept(socket),
      answerHttp2: answerFrom,
      maxConnections,
      log,
    }).catch(taken);
    others.push(nacos, grpc, http);
    started.nacosPort = nacosPort;
  }
  if (consulPort !== undefined) {
    const consul = await listenAt(consulPort).catch((error: unknown) => {
      throw listenError(host, consulPort, error, '--consul-port');
    });
    others.push(consul);
    started.consulPort = consul.port;
    checks = startHostChecks({
      host,
      trustedProxy: settings.trustedProxy,
      namespaceOf: platform.appOptions.namespaceOf,
      directory: platform.directory,
      rootToken: settings.rootToken,
      fetch: answer,
      log,
    });
  }
  return {
    ...started,
    stop: async (graceMs) => {
      await Promise.all([checks?.close(), listener.close(graceMs), ...others.map((each) => each.close(graceMs))]);
      await platform.close();
    },
  };
}

/** Returns a request to the port for clients of etcd as the app gets it: there, `/health` is that of etcd. */
function onEtcdPort(request: Request): Request {
  const { pathname, origin } = new URL(request.url);
  return pathname === '/health' ? new Request(`${origin}/n/${DEFAULT_NAMESPACE}/health`) : request;
}

/** A part of the process that stops before what it uses. */
type Closing = Pick<Listener, 'close'>;

/** Ports on which a registry listens. */
interface ServingPorts {
  port: number;
  consulPort?: number;
  etcdPort?: number;
  nacosPort?: number;
}

await liveAsResident(process.argv.slice(2), version, startRegistry);
