import { readJsonText } from '../model/json-text';
import { COMMON_HEADERS } from './common-headers';
import type { Build } from './health-door';
import { PROMETHEUS_TYPE, prometheusText } from './prometheus';
import { route, type Surface } from './route';

/** The default namespace, as Prometheus scrapes it. */
export function addMetricsRoute(surface: Surface, build: Build): void {
  route(surface, {
    operation: 'readMetrics',
    method: 'get',
    path: '/metrics',
    scope: 'metrics',
    door: 'metrics',
    chapter: 'Registry',
    summary: 'Scrape the metrics of the default namespace',
    description: 'Prometheus text format 0.0.4. Counters start at zero when the object of the namespace wakes.',
    input: {},
    answers: { 200: { description: 'Metrics', contentType: PROMETHEUS_TYPE } },
    call: (namespace, _input, call) => namespace.stats({ tokenId: call.tokenId }),
    map: ({ cursor, body }) =>
      new Response(prometheusText(readJsonText(body), build), {
        headers: { ...COMMON_HEADERS, 'Content-Type': PROMETHEUS_TYPE, 'Rollcall-Cursor': cursor },
      }),
  });
}
