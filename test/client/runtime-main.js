/** Runs the suite in Node, Deno or Bun, like a program that has the package installed. Options are in the environment. */
import process from 'node:process';
import { RollcallError, rollcall } from 'rollcall/client';
import { rollcallAdmin } from 'rollcall/client/admin';
import { kv } from 'rollcall/client/kv';
import { lock } from 'rollcall/client/locks';
import { runSuite } from './runtime-suite.js';

const { REGISTRY, TOKEN, CONTROL } = process.env;

/** An unhandled rejection ends the program with a failure, whatever the runtime's default. */
process.on('unhandledRejection', (reason) => {
  console.error('unhandled rejection', reason);
  process.exit(3);
});

await runSuite({
  rollcall,
  rollcallAdmin,
  kv,
  lock,
  RollcallError,
  options: { url: REGISTRY, token: TOKEN },
  control: async (action) => {
    const answer = await fetch(`${CONTROL}/control/${action}`);
    if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
  },
  log: (step) => console.log(`step ${step}`),
});
console.log('passed');
