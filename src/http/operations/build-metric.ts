import type { MetricFamily } from '../telemetry/prometheus-text';
import type { Build } from './health-door';

/** What runs here, as a metric whose labels tell it. */
export function buildMetric({ version, commit }: Build): MetricFamily {
  return {
    name: 'rollcall_build_info',
    type: 'gauge',
    help: 'Version that is running; always 1.',
    samples: [{ labels: { version, commit: commit ?? '' }, value: 1 }],
  };
}
