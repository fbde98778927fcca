import { Argument, Option } from '@commander-js/extra-typings';
import { type Connection, connect, registryCommand } from '../connection/registry';
import { ConsulSource } from '../sync/consul-source';
import { EurekaSource } from '../sync/eureka-source';
import { ownerOf } from '../sync/mark';
import { Mirror } from '../sync/mirror';
import { MirrorLoop } from '../sync/mirror-loop';
import type { Writer } from '../sync/mirror-plan';
import { NacosSource } from '../sync/nacos-source';
import { RegistryReplica } from '../sync/registry-replica';
import { type Source, serviceFilter } from '../sync/source';
import { SourceHttp } from '../sync/source-http';
import {
  type Difference,
  differenceOf,
  differenceRow,
  differencesOf,
  reportViews,
  syncReport,
} from '../sync/sync-views';
import { CliError, EXIT } from '../terminal/failure';
import { duration, list } from '../terminal/option-values';
import { durationText } from '../terminal/phrases';
import { Progress } from '../terminal/progress';

const INTERVAL_DEFAULT_MS = 10_000;

/** Shortest lease of mirrored instances: three intervals otherwise, but long enough to survive a restart of the mirror. */
const LEASE_TTL_LEAST_MS = 90_000;
const LOOKS_PER_TTL_COUNT = 3;

/** Twice as often as leases need renewal, so that no renewal is late. */
const BEATS_PER_TTL_COUNT = 6;

const KINDS = ['nacos', 'eureka', 'consul', 'etcd'] as const;
type Kind = (typeof KINDS)[number];

const NAMES: Readonly<Record<Kind, string>> = { nacos: 'Nacos', eureka: 'Eureka', consul: 'Consul', etcd: 'etcd' };

const HOW = `
Environment, which other users of this machine cannot see, unlike options:
  ROLLCALL_SOURCE_USER      user of the source
  ROLLCALL_SOURCE_PASSWORD  password of the source
  ROLLCALL_SOURCE_TOKEN     token of the source; that of an ACL for Consul
  NODE_EXTRA_CA_CERTS       file of the authority of the source's certificate

Examples:
  rollcall sync --from eureka http://eureka:8761/eureka --dry-run
  rollcall sync --from nacos http://nacos:8848/nacos -n staging --interval 5s
  rollcall sync --from consul http://consul:8500 --service 'pay*'
  rollcall sync --from etcd http://etcd:2379 --layout kratos=/microservices

See docs/migrate/consul.md, docs/migrate/etcd.md, docs/migrate/eureka.md and
docs/migrate/nacos.md.`;

interface SourceOptions {
  group?: string[] | undefined;
  service?: string[] | undefined;
  sourceNamespace?: string | undefined;
  sourceDatacenter?: string | undefined;
  layout?: string[] | undefined;
  sourceUser?: string | undefined;
  sourcePassword?: string | undefined;
  sourceToken?: string | undefined;
}

async function sourceOf(kind: Kind, url: string, intervalMs: number, options: SourceOptions): Promise<Source> {
  const { env } = process;
  const http = new SourceHttp(url, {
    user: options.sourceUser ?? env.ROLLCALL_SOURCE_USER,
    password: options.sourcePassword ?? env.ROLLCALL_SOURCE_PASSWORD,
    token: options.sourceToken ?? env.ROLLCALL_SOURCE_TOKEN,
  });
  const { group: groups = [], service: services = [], sourceNamespace: namespace, sourceDatacenter } = options;
  const now = () => performance.now();
  if (kind !== 'consul' && sourceDatacenter !== undefined) {
    throw new CliError(EXIT.usage, 'Only Consul has datacenters: omit --source-datacenter.');
  }
  if (kind !== 'etcd' && options.layout !== undefined) {
    throw new CliError(EXIT.usage, 'Only etcd has layouts: omit --layout.');
  }
  if (kind === 'nacos') return new NacosSource({ http, namespace, groups, filter: serviceFilter(services), now });
  if (groups.length > 0 || namespace !== undefined) {
    throw new CliError(
      EXIT.usage,
      `${NAMES[kind]} has neither groups nor namespaces: omit --group and --source-namespace.`,
    );
  }
  if (kind === 'etcd') {
    // Layouts bring the schemas of the model along, which no other command has to wait for.
    const { EtcdSource } = await import('../sync/etcd-source');
    return new EtcdSource({ http, filter: serviceFilter(services), layouts: options.layout ?? [] });
  }
  const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  const filter = serviceFilter(services, isSame);
  if (kind === 'eureka') return new EurekaSource({ http, filter, now });
  return new ConsulSource({ http, filter, datacenter: sourceDatacenter, intervalMs, now });
}

/** Parts of a run, with any options. */
interface Run {
  source: Source;
  writer: Writer;
  connection: Connection;
  replica: RegistryReplica;
  signal: AbortSignal;
}

/** Creates a mirror that reports its changes as it makes them. */
function mirrorOf({ source, writer, connection, replica }: Run, onEvent: (difference: Difference) => void): Mirror {
  const { registry, print } = connection;
  const bar = new Progress(print.err);
  return new Mirror({
    source,
    target: { registry, replica },
    writer,
    now: () => performance.now(),
    onEvent: (event) => {
      bar.end();
      onEvent(differenceOf(event));
    },
    progress: (done, all) => bar.update('writing', done / all),
  });
}

/** Prints the differences, and applies them unless it is a dry run. */
async function report(run: Run, isDry: boolean): Promise<void> {
  const { print } = run.connection;
  const done: Difference[] = [];
  const mirror = mirrorOf(run, (difference) => done.push(difference));
  await mirror.look(run.signal);
  noteRemark(run);
  const plan = isDry ? mirror.plan() : await mirror.write(run.signal);
  const result = syncReport(run.source.name, isDry ? differencesOf(plan) : done, plan.same.length);
  print.answer(result, ...reportViews(result));
}

function noteRemark({ source, connection }: Run): void {
  if (source.remark !== undefined) connection.print.note(source.remark);
}

/** Mirrors until it is stopped. */
async function follow(run: Run, intervalMs: number): Promise<void> {
  const { source, writer, connection, replica, signal } = run;
  const { print, place } = connection;
  const mirror = mirrorOf(run, (difference) =>
    print.event({ at: new Date().toISOString(), ...difference }, [{ rows: [differenceRow(difference)] }]),
  );
  // A source that fails later is waited for. One that fails at the start probably has a wrong URL.
  await mirror.look(signal);
  noteRemark(run);
  print.note(`mirroring ${source.name} into ${place.namespace} of ${place.url}, every ${durationText(intervalMs)}`);
  const loop = new MirrorLoop({
    mirror,
    intervalMs,
    beatMs: writer.leaseTtlMs / BEATS_PER_TTL_COUNT,
    signal,
    trouble: (side, problem) =>
      print.note(problem === undefined ? `the ${side} is back` : `${problem} Waiting for the ${side}.`),
  });
  replica.onForeign = () => loop.nudge();
  source.follow?.(() => loop.readNow(), signal);
  await loop.run();
}

/** `rollcall sync`: mirrors another registry. */
export function syncCommand() {
  return registryCommand('sync')
    .summary('mirror another registry into this one')
    .description(
      'Mirrors a Nacos, Eureka, Consul or etcd registry into this one, one way, until stopped. It reads the source like one of its ' +
        'clients, renews the instances that it has written, and removes those that are gone from the source. It changes ' +
        'nothing else: instances that register here directly take precedence. Differences are printed as they are applied.',
    )
    .addArgument(
      new Argument('<url>', 'url of the source, as its clients use it: http://eureka:8761/eureka, http://consul:8500'),
    )
    .addOption(new Option('--from <kind>', 'kind of the source').choices(KINDS).makeOptionMandatory())
    .option('--to <url>', 'registry to write to; same as --url')
    .option('--dry-run', 'only print the differences')
    .option('--once', 'apply the differences once, print them, and exit')
    .option('--interval <duration>', 'how often to read the source (default 10s)', duration)
    .option('--service <name>', 'only these services: orders, group@@orders, orders*; may be repeated', list)
    .option('--group <group>', 'only these groups of Nacos; may be repeated', list)
    .option('--source-namespace <id>', 'namespace of Nacos (default public)')
    .option(
      '--layout <kind[=prefix]>',
      'how services are kept in etcd: go-zero, kratos=/microservices; may be repeated',
      list,
    )
    .option('--source-datacenter <name>', 'datacenter of Consul (default that of the agent)')
    .option('--source-user <name>', 'user of the source')
    .option('--source-password <password>', 'password of the source')
    .option('--source-token <token>', 'token of the source')
    .addHelpText('after', HOW)
    .action(async (url, options) => {
      const { to, from, dryRun = false, once = false, interval: intervalMs = INTERVAL_DEFAULT_MS } = options;
      const source = await sourceOf(from, url, intervalMs, options);
      const connection = connect({ ...options, url: to ?? options.url });
      const writer: Writer = {
        mirror: source.name,
        prefix: `${from}:`,
        owner: ownerOf(connection.place.token),
        leaseTtlMs: Math.max(LEASE_TTL_LEAST_MS, LOOKS_PER_TTL_COUNT * intervalMs),
        covers: (service) => source.covers(service),
      };
      const stop = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
      // A watch would wait for an unreachable registry, so check it first.
      await connection.registry.readHealth({ signal: stop.signal });
      await using client = connection.client();
      const replica = new RegistryReplica(client, writer.owner);
      await replica.ready;
      const run: Run = { source, writer, connection, replica, signal: stop.signal };
      if (dryRun || once) await report(run, dryRun);
      else await follow(run, intervalMs);
    });
}
