import { readJsonText } from '../../model/json';
import { route, type Surface } from '../pipeline/route';
import { COMMON_HEADERS } from '../response/common-headers';
import { namespaceMetrics } from '../telemetry/namespace-metrics';
import { PROMETHEUS_TYPE, prometheusText } from '../telemetry/prometheus-text';
import type { RequestCounts } from '../telemetry/request-counts';
import { buildMetric } from './build-metric';
import type { Build } from './health-door';

/** The default namespace and the requests of this process, as Prometheus scrapes them. */
export function addMetricsRoute(surface: Surface, build: Build, counts: RequestCounts): void {
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
      const families = [buildMetric(build), ...namespaceMetrics(readJsonText(body)), ...counts.families()];
      const headers = { ...COMMON_HEADERS, 'Content-Type': PROMETHEUS_TYPE, 'Rollcall-Cursor': cursor };
      return new Response(prometheusText(families), { headers });
    },
  });
}
