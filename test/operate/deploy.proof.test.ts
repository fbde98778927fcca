import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { temporaryFolder } from '../programs/temporary-folder';

it('[D1] the project deploys to Cloudflare without changes, up to the upload', () => {
  const folder = temporaryFolder();
  const wrangler = join(PROJECT_ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  const run = spawnSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', folder], {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
    env: { ...process.env, WRANGLER_LOG_PATH: folder },
  });
  expect(run.stderr).not.toMatch(/warning|error/i);
  expect(run.status).toBe(0);
  expect(run.stdout).toMatch(/env\.NAMESPACES \(NamespaceObject\)\s+Durable Object/);
  // Each class of the migrations must be exported, or the deploy fails after the dry run has passed.
  expect(readFileSync(join(folder, 'worker.js'), 'utf8')).toMatch(/export \{[^}]*\bNamespaceObject\b[^}]*\}/);
});
