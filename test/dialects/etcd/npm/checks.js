/**
 * Checks of `etcd3` 1.1.2 of npm against the server that the environment names. Prints one line of JSON for each check. Before
 * the last group it prints `{"need":"restart"}`, and continues when its input has a line.
 */
import process from 'node:process';
import { performAll } from './harness.js';
import './key-checks.js';
import './stream-checks.js';

await performAll();
// Connections that a failed check has left open would keep the process.
process.exit(0);
