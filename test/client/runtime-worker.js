/** Runs the suite inside workerd, where the registry is a service binding, and responds when it is done. */
import { rollcallAdmin } from './client/admin.js';
import { RollcallError, rollcall } from './client/index.js';
import { kv } from './client/kv.js';
import { lock } from './client/locks.js';
import { runSuite } from './runtime-suite.js';

export default {
  async fetch(_request, { REGISTRY, TOKEN, CONTROL }) {
    const steps = [];
    try {
      await runSuite({
        rollcall,
        rollcallAdmin,
        kv,
        lock,
        RollcallError,
        options: { url: 'http://registry', token: TOKEN, fetch: REGISTRY },
        control: async (action) => {
          const answer = await fetch(`${CONTROL}/control/${action}`);
          if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
        },
        log: (step) => steps.push(`step ${step}`),
      });
      return new Response([...steps, 'passed'].join('\n'));
    } catch (error) {
      return new Response([...steps, error.stack].join('\n'), { status: 500 });
    }
  },
};
