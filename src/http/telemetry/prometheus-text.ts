/** Media type of the Prometheus text format 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Labels of a sample, by name. Values may be any text; their producer must keep their number small. */
export type Labels = Readonly<Record<string, string>>;

/** A line of a metric. The lines of a histogram append `_bucket`, `_sum` and `_count` to its name. */
export interface Sample {
  suffix?: '_bucket' | '_sum' | '_count';
  labels: Labels;
  value: number;
}

/** A metric with all its samples. Units are Prometheus' base units, seconds and bytes; counters end in `_total`. */
export interface MetricFamily {
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  samples: readonly Sample[];
}

/** Escapes the value of a label as the format requires. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

/** Formats metrics as text. A metric without samples is left out: the format has no empty metrics. */
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
