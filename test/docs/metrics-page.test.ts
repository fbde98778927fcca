import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_STATS, TestApp } from '../fixtures/test-app';
import { PROJECT_ROOT } from '../house/source-tree';

const read = (path: string): string => readFileSync(join(PROJECT_ROOT, path), 'utf8');

/** A metric as the page documents it. */
interface Documented {
  name: string;
  type: string;
  labels: string[];
}

const documented: Documented[] = [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \|/gm)].map(
  ([, name = '', type = '', labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
  }),
);

/** Returns the metrics of a scrape, parsed from its text. */
async function shown(): Promise<Documented[]> {
  const test = new TestApp();
  test.namespace.answer.body = NO_STATS.replace('"removed":{}', '"removed":{"expired":1}');
  await test.ask('GET', '/metrics');
  const lines = (await (await test.ask('GET', '/metrics')).text()).split('\n');
  const types = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ').slice(2));
  return types.map(([name = '', type = '']) => {
    const labels = lines
      .filter((line) => new RegExp(`^${name}(_bucket|_sum|_count)?\\{`).test(line))
      .flatMap((line) => [...line.matchAll(/(\w+)="/g)].map(([, label = '']) => label));
    return { name, type, labels: [...new Set(labels)].sort() };
  });
}

const byName = (one: Documented, other: Documented) => one.name.localeCompare(other.name);

/** Returns the metric names in Prometheus expressions, without the suffixes of histograms. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/\brollcall_\w+/g)].map(([name]) => name.replace(/(_seconds)_(bucket|sum|count)$/, '$1'));

const known = documented.map(({ name }) => name);

describe('the page on metrics', () => {
  it('[G8] lists the metrics of a scrape with types and labels, and no others', async () => {
    expect(documented.length).toBeGreaterThan(30);
    expect([...documented].sort(byName)).toEqual((await shown()).sort(byName));
  });
});

describe('the files built on the metrics', () => {
  it('[G9] alert on existing metrics, and the guide explains how to react to each alert', () => {
    const alerts = read('examples/operate/alerts.yml');
    const names = namesIn(alerts.replaceAll(/- name: \w+/g, ''));
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    const fired = [...alerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const explained = [...read('docs/operate.md').matchAll(/^\| `(Rollcall\w+)` \|/gm)].map(([, name]) => name);
    expect(explained).toEqual(fired);
  });

  it('[G9] draw existing metrics in the dashboard, filtered by the chosen registry', () => {
    const dashboard: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(
      read('examples/operate/grafana-dashboard.json'),
    );
    const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(20);
    for (const expr of expressions) {
      expect(namesIn(expr).filter((name) => !known.includes(name))).toEqual([]);
      expect(expr.match(/instance=~"\$instance"/g)?.length, expr).toBe(namesIn(expr).length);
    }
  });
});
