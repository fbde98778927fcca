/**
 * Fills dist/ before npm packs. The package contains both bundles and the client, and no sources.
 *
 * In a checkout, any command bundles the command line; its launcher bundles the Worker.
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
await import('./write-licenses.js');
