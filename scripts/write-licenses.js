/**
 * Writes dist/licenses.txt: the licenses of the packages whose code is in the bundles. Most of them require that copies carry
 * their notice.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Comment before each module of a package, or before the module of the console for each of its packages: the folder of the innermost package is captured. */
const MODULE = /^\/\/ ((?:.*\/)?node_modules\/(?:@[^/\n]+\/)?[^/\n]+)\//gm;

const bundles = ['rollcall.js', 'resident.js', 'checkpoint-worker.js', 'worker.js', 'console-files.js'];
const folders = bundles.flatMap((name) =>
  [...readFileSync(join('dist', name), 'utf8').matchAll(MODULE)].map(([, folder]) => folder),
);

const notices = [...new Set(folders)].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
  const text =
    file === undefined ? 'The package contains no license text.' : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync('dist/licenses.txt', notices.join(`\n${'-'.repeat(80)}\n\n`));
