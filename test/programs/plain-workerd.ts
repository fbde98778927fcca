import { join } from 'node:path';
import { startWorkerd, type WorkerdProcess } from '../workerd/workerd-process';

/** Options of a test's workerd. */
interface Plan {
  /** Its Worker, in workerd's configuration language; it may bind the services `registry`, `internet`, `storage`. */
  worker: string;
  /** URL of the registry that it is bound to. */
  registry: string;
  /** An empty folder for everything that it stores. */
  folder: string;
  /** The HTTP options of its socket. */
  http?: string;
}

/** Runs a Worker of a test on plain workerd, beside a registry. Returns the process and the lines that it prints. */
export async function startPlainWorkerd(plan: Plan): Promise<{ workerd: WorkerdProcess; printed: string[] }> {
  const { worker, registry, folder, http = '()' } = plan;
  const config = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (${worker})),
    (name = "registry", external = (address = "${new URL(registry).host}", http = ())),
    (name = "internet", network = (allow = ["local", "private", "public"])),
    (name = "storage", disk = (writable = true)),
  ],
  sockets = [(name = "http", http = ${http}, service = "main")],
);
`;
  const printed: string[] = [];
  const workerd = await startWorkerd({
    config,
    configPath: join(folder, 'workerd.capnp'),
    storage: folder,
    host: '127.0.0.1',
    port: 0,
    env: process.env,
    output: (line) => printed.push(line),
  });
  return { workerd, printed };
}
