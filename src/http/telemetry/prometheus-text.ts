/** Prometheus text format 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Labels of a sample, by name. Their values may be anything; that they are few is up to whoever makes them. */
export type Labels = Readonly<Record<string, string>>;

/** One line of a metric. A histogram's lines end its name in `_bucket`, `_sum` and `_count`. */
export interface Sample {
  suffix?: '_bucket' | '_sum' | '_count';
  labels: Labels;
  value: number;
}

/** A metric with all its samples. Base units, as Prometheus asks for: seconds and bytes; counters end in `_total`. */
export interface MetricFamily {
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  samples: readonly Sample[];
}

/** A label's value, escaped as the format asks. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

/** Metrics as Prometheus reads them. One without a sample is left out: the format knows no empty one. */
export function prometheusText(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { suffix = '', labels, value } of samples) {
      lines.push(`${name}${suffix}{${labelsText(labels)}} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
