import type { Mutant } from './mutant';

/** Who runs out, and when. */
export const LEASE_MUTANTS: Mutant[] = [
  {
    name: 'does not keep renewals',
    breaks: 'L6',
    file: 'lease-table.ts',
    from: `    this.#heardAt = Math.max(this.#heardAt, now);
    this.#changedRows.add(LeaseTable.rowOf(slot));`,
    to: '    this.#heardAt = Math.max(this.#heardAt, now);',
  },
  {
    name: 'does not say that renewals follow a checkpoint',
    breaks: 'L7',
    file: 'checkpoints.ts',
    from: `    const header = this.#header();
    this.#enqueue(() => this.#storage.run(PUT_HEADER, ...header));
`,
    to: '',
  },
  {
    name: 'never writes the checkpoint that is due',
    breaks: 'L6',
    file: 'checkpoints.ts',
    from: "if (this.#state === 'open') this.close();",
    to: '',
  },
  {
    name: 'takes no outage for its own fault',
    breaks: 'L7',
    file: 'wake.ts',
    from: "if (sameProcess && header.state === 'closed') return;",
    to: 'if (header !== undefined || sameProcess) return;',
  },
  {
    name: 'takes no notice of another process',
    breaks: 'I6',
    file: 'wake.ts',
    from: 'const sameProcess = header?.process === state.platform.processId;',
    to: 'const sameProcess = header !== undefined;',
  },
  {
    name: 'takes no late alarm and no leap of the clock for its own fault',
    breaks: 'L10',
    file: 'sweep.ts',
    from: 'if (lapsed.length > 0 && deafMs > DEAFNESS_LATENESS_MS) {',
    to: 'if (lapsed.length > 0 && deafMs > Number.POSITIVE_INFINITY) {',
  },
  {
    name: 'forgives with a whole ttl every time',
    breaks: 'I6',
    file: 'lease-table.ts',
    from: 'this.#extendedAt[slot] = extendedAt === 0 ? now : Math.min(now, again);',
    to: 'this.#extendedAt[slot] = now;',
  },
  {
    name: 'forgives only once until a renewal',
    breaks: 'I6',
    file: 'lease-table.ts',
    from: 'this.#extendedAt[slot] = extendedAt === 0 ? now : Math.min(now, again);',
    to: 'this.#extendedAt[slot] = extendedAt === 0 ? now : Math.min(extendedAt, again);',
  },
  {
    name: 'does not keep that it forgave',
    breaks: 'I6',
    file: 'lease-table.ts',
    from: 'columns.set(this.#extendedAt.subarray(first, end), end - first);',
    to: '',
  },
  {
    name: 'gives a lease the times of the slot that it took over',
    breaks: 'I6',
    file: 'wake.ts',
    from: 'return times !== undefined && times.renewedAt >= timedAt ? times : { renewedAt: timedAt, extendedAt: 0 };',
    to: 'return times ?? { renewedAt: timedAt, extendedAt: 0 };',
  },
  {
    name: 'leaves expiry to the alarm alone',
    breaks: 'L3',
    file: 'turn.ts',
    from: 'let isMoreDue = sweep(state, now, scope && state.catalog.service(scope));',
    to: 'let isMoreDue = false;',
  },
  {
    name: 'shows the lapsed as healthy until they are removed',
    breaks: 'L1',
    file: 'sweep.ts',
    from: '  markUnhealthy(state, [...unhealthy, ...preserved.unhealthy], now);\n',
    to: '  for (const { lease } of unhealthy) state.leases.setHealthy(lease, false);\n',
  },
  {
    name: 'does not arm the alarm again when it has run',
    breaks: 'L11',
    file: 'alarm.ts',
    from: `  arm(state);
  await state.pipeline.settled();`,
    to: '  await state.pipeline.settled();',
  },
  {
    name: 'does not arm the alarm for what is due sooner',
    breaks: 'L11',
    file: 'arming.ts',
    from: 'if (armedFor !== null && armedFor <= at) return;',
    to: 'if (armedFor !== null) return;',
  },
  {
    name: 'stands still while the clock is behind',
    breaks: 'I6',
    file: 'namespace-time.ts',
    from: 'if (now < this.#latest) this.#shiftMs += this.#latest - now;',
    to: 'if (now < this.#latest) return this.#latest;',
  },
  {
    name: 'follows a clock that is set back',
    breaks: 'I6',
    file: 'namespace-time.ts',
    from: 'if (now < this.#latest) this.#shiftMs += this.#latest - now;',
    to: 'if (now < this.#latest) this.#latest = now;',
  },
  {
    name: 'takes a stamp for the time after a clock was set back',
    breaks: 'L8',
    file: 'wake.ts',
    from: 'journal.latestStamp > counters.wokeAt ? 0 : journal.latestStamp + shiftMs',
    to: 'journal.latestStamp + shiftMs',
  },
  {
    name: 'heals without renewing',
    breaks: 'L12',
    file: 'commands/recover.ts',
    from: "'recovered', true);",
    to: "'recovered', false);",
  },
];
