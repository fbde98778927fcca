// Adds up the test runners' reports: `node scripts/report-totals.js [--failed STEP]... REPORT...`
//
// Reports are those of Vitest's json reporter. A test that failed first and passed when it was repeated is printed as
// `unstable`, with the failure. The last line printed is `N passed, N failed`. The exit code is 1 when
// a test failed, a step failed, a report is missing or unreadable, or no test ran.
// Plain Node 20 without packages, because it must also work after a failed installation.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals: reports } = parseArgs({
  options: { failed: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});

let passed = 0;
let failed = 0;

function fail(what) {
  failed += 1;
  console.log(`failed: ${what}`);
}

/** Counts one report, and returns how many failures it shows. */
function count(path) {
  const before = failed;
  let files;
  try {
    files = JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch (error) {
    fail(`${path} can't be read: ${error.message}`);
    return failed - before;
  }
  const passedBefore = passed;
  for (const file of files) {
    const failures = file.assertionResults.filter((test) => test.status === 'failed');
    for (const test of failures) fail(`${file.name}: ${test.fullName}`);
    const successes = file.assertionResults.filter((test) => test.status === 'passed');
    passed += successes.length;
    for (const test of successes) {
      const [failure] = test.failureMessages ?? [];
      if (failure !== undefined) console.log(`unstable: ${file.name}: ${test.fullName}: ${failure.split('\n')[0]}`);
    }
    // A file that can't be loaded fails without a failed test.
    if (file.status === 'failed' && failures.length === 0) fail(`${file.name}: ${file.message}`);
  }
  if (passed === passedBefore && failed === before) fail(`${path}: no test ran`);
  return failed - before;
}

/** Failures by step. A report is named after the step that wrote it. */
const failuresByStep = new Map(reports.map((path) => [basename(path, '.json'), count(path)]));
for (const step of values.failed) {
  // Failed tests have been reported already; other failures of a step have not.
  if (!failuresByStep.get(step)) fail(`step ${step}`);
}
if (reports.length === 0) fail('no report was given');

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
