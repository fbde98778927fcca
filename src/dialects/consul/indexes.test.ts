import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import type { InstanceKey } from '../../model/batch';
import type { InstanceStatus } from '../../model/instance';

const QUERIES = [
  '/v1/health/service/a',
  '/v1/health/service/a?passing',
  '/v1/health/service/b',
  '/v1/catalog/service/b?tag=x',
  '/v1/catalog/services',
  '/v1/catalog/nodes',
  '/v1/health/state/critical',
] as const;

/** A change of the namespace, or something that changes nothing. */
type Operation =
  | { kind: 'register'; service: string; id: string; status: InstanceStatus; tags: string[] }
  | { kind: 'deregister' | 'renew' | 'quarantine' | 'clear'; service: string; id: string }
  | { kind: 'check'; status: 'passing' | 'critical' }
  | { kind: 'entry' }
  | { kind: 'restart' }
  | { kind: 'pass'; ms: number };

const service = fc.constantFrom('a', 'b', 'c');
const id = fc.constantFrom('1', '2');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      service,
      id,
      status: fc.constantFrom<InstanceStatus>('up', 'down', 'out-of-service'),
      tags: fc.subarray(['x', 'y']),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('deregister' as const, 'renew' as const, 'quarantine' as const, 'clear' as const),
      service,
      id,
    }),
  },
  fc.record({
    kind: fc.constant('check' as const),
    status: fc.constantFrom('passing' as const, 'critical' as const),
  }),
  fc.record({ kind: fc.constantFrom('entry' as const, 'restart' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(5_000, 16_000, 31_000) }),
);

const OPERATOR = { tokenId: 'native', operates: true };

/** Carries out an operation at a namespace. Removing what is absent, or renewing it, changes nothing. */
async function carryOut(stage: ConsulStage, given: Operation): Promise<void> {
  const { namespace } = stage;
  if (given.kind === 'restart') return namespace.restart();
  if (given.kind === 'pass') return namespace.pass(given.ms);
  if (given.kind === 'entry') {
    await namespace.api.putEntry(OPERATOR, { key: 'k', value: 'v', precondition: {} });
    return;
  }
  if (given.kind === 'check') {
    const check = { id: 'disk', name: 'disk', notes: '', output: '', at: 1, definition: undefined };
    const nodeCheck = { node: '10.0.0.9', check: { ...check, status: given.status } };
    return stage.putRecord('check:10.0.0.9:disk', { nodeCheck });
  }
  const { service, id } = given;
  const key: InstanceKey = { group: 'DEFAULT_GROUP', service, id };
  switch (given.kind) {
    case 'register':
      return stage.registerForeign(given.service, given.id, { status: given.status, tags: given.tags });
    case 'deregister':
      await namespace.api.deregister(OPERATOR, { key, precondition: {} });
      return;
    case 'renew':
      await namespace.api.renewMany(OPERATOR, [key]);
      return;
    case 'quarantine': {
      const override = { quarantine: { reason: 'test' } };
      await namespace.api.putOverride(OPERATOR, { key, override, precondition: {} }).catch(() => {});
      return;
    }
    case 'clear':
      await namespace.api.clearOverride(OPERATOR, { key, precondition: {} });
  }
}

/** Returns whether a query is about one service, and an operation about others or none. */
function isAboutOthers(given: Operation, query: string): boolean {
  const [, name] = /\/service\/(\w)/.exec(query) ?? [];
  if (name === undefined) return false;
  return given.kind === 'entry' || given.kind === 'restart' || ('service' in given && given.service !== name);
}

describe('the index of a query', () => {
  it('[CH3, CH4] rises with each change of its answer, never falls, and wakes what waits', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), fc.nat(), async (operations, seed) => {
        const namespace = new NodeNamespace();
        const stages = [new ConsulStage(namespace), new ConsulStage(namespace)];
        const stageOf = (turn: number) => stages[(seed + turn) % stages.length] ?? new ConsulStage(namespace);
        const known = new Map<string, { index: number; value: unknown }>();
        for (const query of QUERIES) known.set(query, await stageOf(0).read(query));
        for (const [turn, given] of operations.entries()) {
          const watched = QUERIES[(seed + turn) % QUERIES.length] ?? QUERIES[0];
          const since = (query: string) => `${query}${query.includes('?') ? '&' : '?'}index=${known.get(query)?.index}`;
          const stage = stageOf(turn);
          // A restart ends waits early, which their clients repeat.
          const waiting = given.kind === 'restart' ? undefined : stage.read(`${since(watched)}&wait=20ms`);
          await carryOut(stage, given);
          const woken = await waiting;
          for (const [number, query] of QUERIES.entries()) {
            const before = known.get(query);
            if (before === undefined) continue;
            const now = await stageOf(turn + number).read(query);
            const isChanged = JSON.stringify(now.value) !== JSON.stringify(before.value);
            const what = `${query} after ${JSON.stringify(given)}`;
            expect(now.index, what).toBeGreaterThanOrEqual(before.index);
            const next = await stageOf(number).read(`${since(query)}&wait=1ms`);
            expect(next.value, what).toEqual(now.value);
            if (isChanged) {
              expect(now.index, what).toBeGreaterThan(before.index);
              expect(next.index, what).toBeGreaterThan(before.index);
              if (query === watched && woken !== undefined) expect(woken.value, what).toEqual(now.value);
            } else if (given.kind === 'renew' || isAboutOthers(given, query)) {
              expect(next.index, what).toBe(before.index);
            }
            known.set(query, { ...now, index: Math.max(now.index, next.index) });
          }
        }
      }),
      { numRuns: 10 },
    );
  });
});
