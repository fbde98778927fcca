import * as z from 'zod';
import { readJsonText } from '../../model/json';
import { openDoor, route } from '../pipeline/route';
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

const Health = z
  .object({
    status: z.enum(['ok', 'degraded']),
    problems: z.array(z.string()).optional(),
    version: z.string(),
    commit: z.string().optional(),
  })
  .meta({ id: 'Health' });

/** Sources of the monitoring routes. */
export interface Monitored {
  build: Build;
  counts: RequestCounts;
  /** Returns the problems that keep changes from being stored, one sentence each. */
  problems: () => readonly string[];
}

/** Adds the routes for monitoring: metrics and health. */
export function addOperationsRoutes(surface: Surface, { build, counts, problems }: Monitored): void {
  route(surface, {
    operation: 'readMetrics',
    method: 'get',
    path: '/metrics',
    scope: 'metrics',
    door: 'metrics',
    chapter: 'Registry',
    summary: 'Scrape the metrics of the default namespace, and of the requests',
    description:
      'Prometheus text format 0.0.4. Counters start at zero with the process. On Cloudflare each isolate counts its own requests.',
    input: {},
    answers: { 200: { description: 'Metrics', contentType: PROMETHEUS_TYPE } },
    call: (namespace, _input, call) => namespace.stats({ tokenId: call.tokenId }),
    map: ({ cursor, body }) => {
      const families = [
        buildMetric(build),
        faultMetric(problems()),
        ...namespaceMetrics(readJsonText(body)),
        ...counts.families(),
      ];
      const headers = { ...COMMON_HEADERS, 'Content-Type': PROMETHEUS_TYPE, 'Rollcall-Cursor': cursor };
      return new Response(prometheusText(families), { headers });
    },
  });

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

/** Reports storage failures as a metric, for alerts; `/health` gives the reason. */
function faultMetric(problems: readonly string[]): MetricFamily {
  return {
    name: 'rollcall_storage_fault',
    type: 'gauge',
    help: '1 while changes are refused because they cannot be stored.',
    samples: [{ labels: {}, value: problems.length === 0 ? 0 : 1 }],
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
