import type { Mutant } from './mutant';

/** Faults in acknowledgement and in the state after a crash. */
export const DURABILITY_MUTANTS: Mutant[] = [
  {
    name: 'answers before anything is durable',
    breaks: 'I3',
    symbol: 'turn',
    from: 'if (durable !== undefined) await durable;',
    to: '',
  },
  {
    name: 'refuses a call before the reason is durable',
    breaks: 'I3',
    symbol: 'turn',
    from: `return step(now);
  } finally {
    arm(state);
    const durable = state.pipeline.settled();
    if (durable !== undefined) await durable;`,
    to: `const result = step(now);
    const durable = state.pipeline.settled();
    if (durable !== undefined) await durable;
    return result;
  } finally {
    arm(state);`,
  },
  {
    name: 'treats a commit as durable without a sync',
    breaks: 'I1',
    symbol: 'CommitPipeline.#write',
    from: 'await this.#storage.sync();',
    to: '',
  },
  {
    name: 'writes a group without a transaction',
    breaks: 'S1',
    symbol: 'CommitPipeline.#write',
    from: `this.#storage.transaction(() => {
        for (const { write } of entries) write?.();
      });`,
    to: 'for (const { write } of entries) write?.();',
  },
  {
    name: 'continues after a failed commit',
    breaks: 'C4',
    symbol: 'CommitPipeline.#write',
    from: `this.#failed = true;
        this.#onFailure(error);`,
    to: 'return;',
  },
  {
    name: 'starts at revision 1 after a wake',
    breaks: 'I2',
    symbol: 'Journal.constructor',
    from: 'this.#head = { epoch, revision: revision ?? 0, check: check ?? 0 };',
    to: 'this.#head = { epoch, revision: 0, check: check ?? 0 };',
  },
  {
    name: 'skips a revision',
    breaks: 'C1',
    symbol: 'Journal.append',
    from: 'this.#appendAt(this.#head.revision + 1,',
    to: 'this.#appendAt(this.#head.revision + (check % 50 === 0 ? 2 : 1),',
  },
  {
    name: 'journals no previous state',
    breaks: 'I7',
    symbol: 'committedChange',
    from: 'before: before?.text ?? null,',
    to: 'before: null,',
  },
  {
    name: 'loses the revision at which a record was removed',
    breaks: 'I7',
    symbol: 'loadHead',
    from: 'service.hasHeads = true;',
    to: '',
  },
  {
    name: 'forgets after a wake when a service last changed',
    breaks: 'I7',
    symbol: 'load',
    from: 'service.revision = Math.max(service.revision, row.revision);',
    to: '',
  },
  {
    name: 'compacts young entries',
    breaks: 'J3',
    symbol: 'Journal.planCompaction',
    from: 'const stampByAge = stamp - maxAgeMs;',
    to: 'const stampByAge = stamp - maxAgeMs / 2;',
  },
  {
    name: 'compacts one revision more than it planned',
    breaks: 'J3',
    symbol: 'removeRows',
    from: 'part === undefined ? newest : newest - 1',
    to: 'part === undefined ? newest + 1 : newest - 1',
  },
  {
    name: 'writes an extra row with each commit',
    breaks: 'I8',
    symbol: 'commit',
    from: 'append();',
    to: `append();
    state.platform.storage.run("INSERT OR REPLACE INTO property VALUES ('head', '1')");`,
  },
  {
    name: 'writes a checkpoint with each renewal',
    breaks: 'I8',
    symbol: 'renew',
    from: 'state.leases.renew(entry.lease, now);',
    to: `state.leases.renew(entry.lease, now);
  state.checkpoints.close();`,
  },
  {
    name: 'postpones an alarm that is already set',
    breaks: 'I8',
    symbol: 'arm',
    from: 'if (isStanding && armedFor <= at) return;',
    to: 'if (isStanding && armedFor === at) return;',
  },
  {
    name: 'reads a newer storage that only later versions can read',
    breaks: 'U9',
    symbol: 'mayRead',
    from: 'readableFrom <= known)',
    to: 'readableFrom <= stored)',
  },
  {
    name: 'downgrades a newer storage to its own version',
    breaks: 'U9',
    symbol: 'bringUpToDate',
    from: 'if (stored > known) return;',
    to: '',
  },
  {
    name: 'applies only the last migration of a schema',
    breaks: 'U8',
    symbol: 'bringUpToDate',
    from: '.slice((stored ?? known) - 1)',
    to: '.slice(stored === undefined ? known - 1 : known - 2)',
  },
];
