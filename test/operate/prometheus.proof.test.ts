import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';

/** Checks the files for Prometheus with Prometheus' own tool. */

const OPERATE = join(PROJECT_ROOT, 'examples/operate');

const promtool = (...words: string[]): string =>
  execFileSync('promtool', words, { cwd: OPERATE, encoding: 'utf8', stdio: 'pipe' });

it('[G8] promtool accepts a scrape without complaint', async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const headers = { Authorization: `Bearer ${registry.rootToken}`, 'Content-Type': 'application/json' };
  const at = (path: string) => `${registry.url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders${path}`;
  const body = JSON.stringify({ address: '10.0.0.7', port: 80 });
  await fetch(at('/instances/a'), { method: 'PUT', headers, body });
  await fetch(at('/instances/a'), { method: 'DELETE', headers });
  await fetch(`${registry.url}/nope`);
  const input = await (await fetch(`${registry.url}/metrics`, { headers })).text();
  expect(input).toContain('rollcall_instances_removed_total{namespace="public",cause="deregistered"} 1\n');
  expect(input).toContain('rollcall_http_requests_total{method="GET",route="none",status="4xx"} 1\n');
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

it('[G9] the alerts are well-formed and fire as their tests expect', () => {
  expect(promtool('check', 'rules', 'alerts.yml')).toMatch(/SUCCESS: \d+ rules found/);
  expect(promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  expect(promtool('check', 'config', '--syntax-only', 'prometheus.yml')).toContain('SUCCESS');
});
