import * as z from 'zod';
import { authorize, measuredNamespaces } from '../../auth/authorize';
import type { AskDirectory, DirectoryApi, FirstNamespaces } from '../../model/directory-api';
import type { Principal } from '../../model/grant';
import { METRICS_NAMESPACES_MAX_COUNT } from '../../model/limits';
import { NamespaceId } from '../../model/names';
import { ALL_NAMESPACES, DEFAULT_NAMESPACE } from '../../model/service-name';
import type { NamespaceFigures } from '../cache/namespace-figures';
import { directoryRoute, openDoor } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { COMMON_HEADERS } from '../response/answers';
import { namespaceMetrics } from '../telemetry/namespace-metrics';
import { type MetricFamily, PROMETHEUS_TYPE, prometheusText } from '../telemetry/prometheus-text';
import type { RequestCounts } from '../telemetry/request-observer';

/** Version of the running program. */
export interface Build {
  version: string;
  /** Set if the deployer provided it. */
  commit?: string | undefined;
}

/** Sources of the monitoring routes. */
export interface Monitored {
  build: Build;
  counts: RequestCounts;
  figures: NamespaceFigures;
  askDirectory: AskDirectory;
  /** Returns the problems that keep changes from being stored, one sentence each. */
  problems: () => readonly string[];
}

/** The namespaces of a scrape. */
interface Scraped {
  ids: string[];
  /** Number of those that the token covers and the scrape does not. */
  leftOut: number;
  /** False if the directory could not list them. */
  isDirectoryUp: boolean;
}

const Health = z
  .object({
    status: z.enum(['ok', 'degraded']),
    problems: z.array(z.string()).optional(),
    version: z.string(),
    commit: z.string().optional(),
  })
  .meta({ id: 'Health' });

const MetricsQuery = z.strictObject({
  ns: z
    .array(NamespaceId)
    .max(METRICS_NAMESPACES_MAX_COUNT)
    .default([])
    .meta({ description: `Only this namespace; repeatable, up to ${METRICS_NAMESPACES_MAX_COUNT} times` }),
});

/** Adds the routes for monitoring: metrics and health. */
export function addOperationsRoutes(surface: Surface, monitored: Monitored): void {
  addMetricsRoute(surface, monitored);
  addHealthDoor(surface, monitored);
}

function addMetricsRoute(surface: Surface, { build, counts, figures, askDirectory, problems }: Monitored): void {
  const choose = namespaceChooser(askDirectory);
  directoryRoute(surface, {
    operation: 'readMetrics',
    method: 'get',
    path: '/metrics',
    scope: 'metrics',
    door: 'metrics',
    chapter: 'Registry',
    summary: 'Scrape metrics of all namespaces that the token covers, and of HTTP requests',
    description:
      `Prometheus text format 0.0.4. Covers the first ${METRICS_NAMESPACES_MAX_COUNT} namespaces by id on which the token has \`metrics\`; ` +
      "`rollcall_namespaces_left_out` counts the others, and `ns` selects them. A namespace that can't be read has `rollcall_namespace_up` 0. " +
      'Figures of an idle namespace may be five minutes old. Counters start at zero with the process. On Cloudflare each isolate counts its own requests.',
    input: { query: MetricsQuery },
    answers: { 200: { description: 'Metrics', contentType: PROMETHEUS_TYPE } },
    call: async (directory, { principal }, { query }) => {
      const scraped = await choose(directory, principal, query.ns);
      return { scraped, stats: await figures.of(scraped.ids, principal.tokenId) };
    },
    map: ({ scraped, stats }) => {
      const families = [
        buildMetric(build),
        gauge(
          'rollcall_storage_fault',
          '1 while changes are refused because they cannot be stored.',
          problems().length > 0,
        ),
        gauge(
          'rollcall_directory_up',
          '0 while the directory cannot list the namespaces to scrape.',
          scraped.isDirectoryUp,
        ),
        gauge(
          'rollcall_namespaces_left_out',
          'Namespaces that the token covers and this scrape does not; select them with the parameter ns.',
          scraped.leftOut,
        ),
        upMetric(scraped.ids, (id) => stats.has(id)),
        ...namespaceMetrics(stats),
        ...counts.families(),
      ];
      return new Response(prometheusText(families), {
        headers: { ...COMMON_HEADERS, 'Content-Type': PROMETHEUS_TYPE },
      });
    },
  });
}

/** Covers the namespace that always exists, while the directory has listed none. */
const ONLY_DEFAULT: FirstNamespaces = { namespaces: [{ id: DEFAULT_NAMESPACE }], count: 1 };

function addHealthDoor(surface: Surface, { build, problems }: Monitored): void {
  const health = (): z.output<typeof Health> => {
    const found = problems();
    const { version, commit } = build;
    if (found.length === 0) return { status: 'ok', version, commit };
    return { status: 'degraded', problems: [...found], version, commit };
  };
  // Liveness: the app answers without asking a namespace. A problem doesn't change the status: a restart would not help.
  openDoor(surface, {
    operation: 'readHealth',
    method: 'get',
    path: '/health',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Check that the registry is alive; returns known problems and the version',
    description:
      'Does not contact any namespace. The only route that works before a root token is set. `degraded` comes with status 200, because reads and heartbeats still work and a restart does not help; `problems` lists what does not work.',
    input: {},
    answers: { 200: { description: 'The registry is alive', schema: Health } },
    beforeSetup: true,
    answer: () =>
      new Response(JSON.stringify(health()), { headers: { ...COMMON_HEADERS, 'Content-Type': 'application/json' } }),
  });
}

/**
 * Creates the function that chooses the namespaces of a scrape: those that it names, or else those that its token covers. A
 * token for all namespaces needs the directory to list them; while that is out of reach, the last list is used.
 */
function namespaceChooser(askDirectory: AskDirectory) {
  let lastKnown: FirstNamespaces | undefined;
  return async (directory: DirectoryApi, principal: Principal, named: readonly string[]): Promise<Scraped> => {
    for (const namespace of named) authorize(principal, 'metrics', { namespace });
    if (named.length > 0) return { ids: [...new Set(named)], leftOut: 0, isDirectoryUp: true };
    const covered = measuredNamespaces(principal);
    if (covered !== ALL_NAMESPACES) return limited(covered, covered.length, true);
    let isDirectoryUp = false;
    const ask = async () => {
      lastKnown = await directory.firstNamespaces(METRICS_NAMESPACES_MAX_COUNT);
      isDirectoryUp = true;
      return lastKnown;
    };
    const { namespaces, count } = await askDirectory(ask, lastKnown).catch(() => ONLY_DEFAULT);
    return limited(
      namespaces.map(({ id }) => id),
      count,
      isDirectoryUp,
    );
  };
}

function limited(ids: readonly string[], count: number, isDirectoryUp: boolean): Scraped {
  const some = ids.slice(0, METRICS_NAMESPACES_MAX_COUNT);
  return { ids: some, leftOut: Math.max(0, count - some.length), isDirectoryUp };
}

function gauge(name: string, help: string, value: number | boolean): MetricFamily {
  return { name, type: 'gauge', help, samples: [{ labels: {}, value: Number(value) }] };
}

/** Reports which namespaces of a scrape have figures. */
function upMetric(ids: readonly string[], isUp: (id: string) => boolean): MetricFamily {
  return {
    name: 'rollcall_namespace_up',
    type: 'gauge',
    help: '1 if the namespace returned its figures, 0 if it could not be read or does not exist.',
    samples: ids.map((id) => ({ labels: { namespace: id }, value: Number(isUp(id)) })),
  };
}

/** Returns the build as an info metric: its labels hold the values. */
function buildMetric({ version, commit }: Build): MetricFamily {
  return {
    name: 'rollcall_build_info',
    type: 'gauge',
    help: 'Version that is running; always 1.',
    samples: [{ labels: { version, commit: commit ?? '' }, value: 1 }],
  };
}
