import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateFiles, hostToCall, readCertificate } from '../../src/launcher/certificate';
import { makeDataFolder, refuseInterruptedRestore, STORAGE_NAME } from '../../src/launcher/data-folder';
import { rootToken } from '../../src/launcher/root-token';
import type { RegistryOptions, RunningRegistry } from '../../src/launcher/start-registry';
import { Supervisor } from '../../src/launcher/supervisor';
import { builtWorker } from '../programs/built-programs';
import { untilReady } from './readiness';
import { DIRECTORY_CLASS, NAMESPACE_CLASS, workerdConfig } from './workerd-config';
import { startWorkerd, type WorkerdProcess } from './workerd-process';

/** Number of descriptors for workerd itself and a few more objects. Each connection uses two more. */
const RESERVED_DESCRIPTORS = 64;

/** Options of a registry in workerd. */
export interface WorkerdRegistryOptions extends Omit<RegistryOptions, 'residentPath' | 'runtime'> {
  /**
   * Absolute path of another bundled Worker with the same exports, such as one with a planted defect. Default: the
   * registry's.
   */
  workerPath?: string | undefined;
}

/** Environment variables that the Worker reads. */
const VARIABLES = [
  'ROLLCALL_ROOT_TOKEN',
  'ROLLCALL_TRUSTED_PROXY',
  'ROLLCALL_CORS_ORIGINS',
  'ROLLCALL_LOG_LEVEL',
  'ROLLCALL_NAMESPACE_DOMAIN',
  'ROLLCALL_COMMIT',
  'ROLLCALL_ONE_MACHINE',
];

/** Returns the configuration that runs the registry's Worker in workerd. */
export function registryConfig(modulePath: string, tls?: CertificateFiles): string {
  return workerdConfig({
    modulePath,
    objects: [NAMESPACE_CLASS, DIRECTORY_CLASS],
    bindings: VARIABLES.map((name) => ({ name, fromEnvironment: name })),
    tls,
  });
}

/** Returns the variables of the Worker that the options set. */
function variablesOf(options: WorkerdRegistryOptions, token: string): NodeJS.ProcessEnv {
  const { corsOrigins, logLevel, namespaceDomain, trustedProxy } = options;
  return {
    ...process.env,
    ...options.env,
    ...(corsOrigins === undefined ? {} : { ROLLCALL_CORS_ORIGINS: corsOrigins.join(',') }),
    ...(logLevel === undefined ? {} : { ROLLCALL_LOG_LEVEL: logLevel }),
    ...(namespaceDomain === undefined ? {} : { ROLLCALL_NAMESPACE_DOMAIN: namespaceDomain }),
    ...(trustedProxy === undefined ? {} : { ROLLCALL_TRUSTED_PROXY: String(trustedProxy) }),
    ROLLCALL_ROOT_TOKEN: token,
    ROLLCALL_ONE_MACHINE: 'true',
  };
}

/**
 * Starts the Worker of the registry in workerd, the open-source runtime of Cloudflare Workers, and resolves when it answers.
 *
 * It takes no lock on its data folder: each test has a folder of its own.
 */
export async function startWorkerdRegistry(options: WorkerdRegistryOptions): Promise<RunningRegistry> {
  const { host = '127.0.0.1', port = 0, output = () => {} } = options;
  const certificate = options.tls && readCertificate(options.tls, () => {}, Date.now());
  const data = makeDataFolder(options.data);
  refuseInterruptedRestore(data);
  const storage = join(data, STORAGE_NAME);
  mkdirSync(storage, { recursive: true, mode: 0o700 });
  const token = rootToken(data, options.rootToken, output);
  const config = registryConfig(options.workerPath ?? (await builtWorker()), certificate);
  const called = host === '0.0.0.0' ? '127.0.0.1' : host;
  const urlOf = (name: string, at: number) =>
    `${certificate === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${at}`;

  const launch = async (at: number, signal: AbortSignal): Promise<WorkerdProcess> => {
    // Read again, as workerd does: the file may contain another certificate by now.
    const leaf = options.tls && readCertificate(options.tls, output, Date.now()).leaf;
    const configPath = join(data, 'workerd.capnp');
    const env = variablesOf(options, token.token);
    const workerd = await startWorkerd({ config, configPath, storage, host, port: at, env, output });
    const gone = new AbortController();
    void workerd.ended.then(() => gone.abort());
    try {
      const probe = { url: urlOf(called, workerd.port), token: token.token, leaf };
      await untilReady(probe, AbortSignal.any([signal, gone.signal]));
    } catch (error) {
      workerd.kill('SIGKILL');
      await workerd.ended;
      throw error;
    }
    return workerd;
  };

  const supervisor = await Supervisor.start({ name: 'workerd', launch, port, say: output });
  const { process: first } = supervisor;
  return {
    url: urlOf(certificate === undefined ? called : hostToCall(certificate.leaf, called), first.port),
    rootToken: token.token,
    tokenPath: token.path,
    tokenMade: token.made,
    data,
    connectionLimit: Math.max(0, Math.floor((first.descriptorLimit - RESERVED_DESCRIPTORS) / 2)),
    get pid() {
      return supervisor.process.pid;
    },
    ended: supervisor.ended,
    kill: (signal) => supervisor.kill(signal),
    stop: () => supervisor.stop(),
  };
}
