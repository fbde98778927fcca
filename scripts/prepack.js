/**
 * Fills dist/ before npm packs: a package holds no sources, and brings both bundles and the client along.
 *
 * Any command bundles the program where it runs in a checkout; its launcher bundles the Worker.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import process from 'node:process';

execFileSync(process.execPath, ['bin/rollcall.js', '--version']);
const { checkoutCommit, residentBundle, workerBundle } = await import('../dist/rollcall.js');
await workerBundle();
await residentBundle();
writeFileSync('dist/commit', `${checkoutCommit() ?? ''}\n`);
await import('./build-client.js');
