import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Operation } from '../../src/model/batch';
import type { Grant } from '../../src/model/grant';
import type { NamespaceApi } from '../../src/model/namespace-api';
import { OWNER, STRANGER } from '../fixtures/callers';
import { definition, key } from '../fixtures/definition';
import { NodeNamespace } from '../fixtures/node-namespace';
import { SocketClient } from '../fixtures/socket-client';

const FOREIGN = ['a', 'b'];
const GRANTS: Grant[] = [{ scope: 'register', ns: 'public' }];
const NO_CONDITION = {};

/** An operation that a token attempts on instances, some of which it owns. */
const attempt = fc.record({
  what: fc.constantFrom(
    'register',
    'update',
    'deregister',
    'override',
    'renew',
    'renewMany',
    'drain',
    'cancelDrain',
    'clear',
    'remove',
  ),
  through: fc.constantFrom('call', 'batch', 'socket', 'session'),
  id: fc.constantFrom(...FOREIGN, 'mine', 'mine too'),
  weight: fc.integer({ min: 1, max: 5 }),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

function operationOf({ what, id, weight }: Attempt): Operation | undefined {
  const named = { key: key(id), precondition: NO_CONDITION };
  if (what === 'register') return { op: what, ...named, definition: definition({ weight }) };
  if (what === 'update') return { op: what, ...named, patch: { weight } };
  if (what === 'override') return { op: what, ...named, override: { weight } };
  return what === 'deregister' ? { op: what, ...named } : undefined;
}

/** Runs one operation as a separate call. */
function call(api: NamespaceApi, { what, id, weight }: Attempt): Promise<unknown> {
  const named = { key: key(id), precondition: NO_CONDITION };
  if (what === 'register') return api.register(STRANGER, { ...named, definition: definition({ weight }) });
  if (what === 'update') return api.patch(STRANGER, { ...named, patch: { weight } });
  if (what === 'deregister') return api.deregister(STRANGER, named);
  if (what === 'override') return api.putOverride(STRANGER, { ...named, override: { weight } });
  if (what === 'clear') return api.clearOverride(STRANGER, named);
  if (what === 'renew') return api.renew(STRANGER, key(id));
  if (what === 'renewMany') return api.renewMany(STRANGER, [key('mine'), key(id)]);
  if (what === 'drain') return api.drain(STRANGER, { key: key(id), waitMs: 0, graceMs: 0 });
  if (what === 'cancelDrain') return api.cancelDrain(STRANGER, { key: key(id) });
  return api.removeService(STRANGER, { ...key(id), force: true, precondition: NO_CONDITION });
}

/** Returns the same operation as a frame. */
function frameOf({ what, id, weight }: Attempt): object {
  const named = { op: what, service: 'orders', id };
  if (what === 'register') return { ...named, address: '10.0.0.1', port: 80, weight };
  return what === 'deregister' ? named : { ...named, weight };
}

it('[A41, A43] no sequence of calls, batches and frames with a register token changes an instance that it does not own', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 25 }), async (attempts) => {
      const namespace = new NodeNamespace();
      const { api } = namespace;
      for (const id of FOREIGN) {
        await api.register(OWNER, { key: key(id), definition: definition({ weight: 9 }), precondition: NO_CONDITION });
      }
      const shown = () => Promise.all(FOREIGN.map(async (id) => (await api.readInstance({ key: key(id) })).body));
      const before = await shown();
      const renewedAt = () => FOREIGN.map((id) => namespace.state.leases.renewedAt(leaseOf(namespace, id)));
      const renewedBefore = renewedAt();
      namespace.platform.jump(1_000);
      const plain = new SocketClient(namespace, { caller: STRANGER, grants: GRANTS });
      const holding = new SocketClient(namespace, { caller: STRANGER, grants: GRANTS });
      await holding.ask({ type: 'session' });
      for (const each of attempts) {
        const operation = operationOf(each);
        if (each.through === 'call' || operation === undefined) await call(api, each).catch(isRefusal);
        else if (each.through === 'batch') await api.batch(STRANGER, [operation]).catch(isRefusal);
        else {
          const client = each.through === 'socket' ? plain : holding;
          await client.say({ type: 'batch', id: '1', operations: [frameOf(each)] });
        }
      }
      await holding.say({ type: 'end' });
      expect(await shown()).toEqual(before);
      expect(renewedAt()).toEqual(renewedBefore);
    }),
    { numRuns: 200 },
  );
});

function leaseOf({ state }: NodeNamespace, id: string): number {
  return state.catalog.instance(key(id))?.lease ?? -1;
}

function isRefusal(error: unknown): void {
  expect(error).toMatchObject({ code: expect.stringMatching(/^(FORBIDDEN|INSTANCE_NOT_FOUND)$/) });
}
