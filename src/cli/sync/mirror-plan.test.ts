import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import type { Instance } from '../../client/wire/instance';
import { withMark } from './mark';
import { isOwn, type MirrorPlan, planMirror, type Wanted, type Writer } from './mirror-plan';
import type { SourceInstance } from './source';

const WRITER: Writer = {
  mirror: 'eureka old.test',
  prefix: 'eureka:',
  owner: 'tokenofsync1',
  leaseTtlMs: 90_000,
  covers: () => true,
};

const there = (id: string, body: Partial<SourceInstance['body']> = {}): SourceInstance => ({
  group: 'DEFAULT_GROUP',
  service: 'orders',
  id,
  body: { address: '10.0.0.7', port: 8080, metadata: {}, ...body },
});

/** Returns the registry's view of an instance that the mirror has written. */
function written({ group, service, id, source, mark }: Wanted, owner = WRITER.owner): Instance {
  const { extensions, ports: _ports, ...body } = source.body;
  return clientInstance(id, {
    group,
    service,
    ...body,
    extensions: withMark(extensions, mark),
    owner,
  } as Partial<Instance>); // `as`: undefined members are none here
}

/** The registry after a plan was carried out. */
function carriedOut(here: readonly Instance[], { added, changed, vanished, skipped }: MirrorPlan): Instance[] {
  const keyOf = ({ group, service, id }: { group: string; service: string; id: string }) =>
    JSON.stringify([group, service, id]);
  const map = new Map(here.map((instance) => [keyOf(instance), instance]));
  for (const names of vanished) map.delete(keyOf(names));
  for (const wanted of [...added, ...changed]) map.set(keyOf(wanted), written(wanted));
  void skipped;
  return [...map.values()];
}

/** Returns the number of entries of each kind. */
const counts = ({ added, changed, same, vanished, skipped }: MirrorPlan) => [
  added.length,
  changed.length,
  same.length,
  vanished.length,
  skipped.length,
];

const mirrored = (source: SourceInstance): Instance => {
  const [wanted] = planMirror([source], [], WRITER).added;
  if (wanted === undefined) throw new Error('it was not in the source');
  return written(wanted);
};

describe('planMirror', () => {
  it('[K21] adds missing instances, under an id that no client registers', () => {
    const { added } = planMirror([there('a')], [], WRITER);
    expect(added).toMatchObject([{ id: 'eureka:a', service: 'orders', mark: { mirror: 'eureka old.test', id: 'a' } }]);
  });

  it('[K21] separates unchanged instances from changed ones, with the changed members', () => {
    const here = [mirrored(there('a')), mirrored(there('b', { port: 8081 }))];
    const plan = planMirror([there('a'), there('b', { port: 8082, metadata: { zone: 'x' } })], here, WRITER);
    expect(counts(plan)).toEqual([0, 1, 1, 0, 0]);
    expect(plan.changed[0]?.members).toEqual(['port', 'metadata']);
  });

  it("[K21] ignores the order of members, but detects changes of a dialect's extension", () => {
    const here = [mirrored(there('a', { extensions: { eureka: { vip: 'x', zone: 'y' } } }))];
    const same = planMirror([there('a', { extensions: { eureka: { zone: 'y', vip: 'x' } } })], here, WRITER);
    expect(counts(same)).toEqual([0, 0, 1, 0, 0]);
    const plan = planMirror([there('a', { extensions: { eureka: { vip: 'z' } } })], here, WRITER);
    expect(plan.changed[0]?.members).toEqual(['other']);
  });

  it('[K21] does not mistake an override here for a change of the source', () => {
    const here = [{ ...mirrored(there('a')), weight: 5, overridden: true }];
    expect(counts(planMirror([there('a')], here, WRITER))).toEqual([0, 0, 1, 0, 0]);
  });

  it('[K22] removes copies that the source has no longer, and nothing else', () => {
    const other = { ...mirrored(there('c')), extensions: withMark({}, { mirror: 'nacos', id: 'c', content: '' }) };
    const anothers = { ...mirrored(there('d')), owner: 'anothertoken' };
    const here = [mirrored(there('a')), clientInstance('native'), other, anothers];
    const plan = planMirror([], here, WRITER);
    expect(plan.vanished).toEqual([{ group: 'DEFAULT_GROUP', service: 'orders', id: 'eureka:a' }]);
  });

  it('[K27] leaves copies of services outside the selection to another mirror, or to expire', () => {
    const here = [mirrored(there('a')), mirrored({ ...there('b'), service: 'payments' })];
    const writer: Writer = { ...WRITER, covers: ({ service }) => service === 'payments' };
    expect(counts(planMirror([], here, writer))).toEqual([0, 0, 0, 1, 0]);
    expect(planMirror([], here, writer).vanished).toMatchObject([{ service: 'payments' }]);
  });

  it.each([
    ['place', clientInstance('another-id', { owner: 'tokenofitsown' })],
    ['id', clientInstance('a', { address: '10.9.9.9' })],
    ['place in another notation', clientInstance('x', { address: '10.0.0.7', port: 8080, cluster: 'B' })],
  ])('[K23] skips an instance that registered itself here, by its %s', (_by, native) => {
    const fresh = planMirror([there('a')], [native], WRITER);
    expect(counts(fresh)).toEqual([0, 0, 0, 0, 1]);
    expect(fresh.skipped[0]?.by).toBe(native);
    const moved = planMirror([there('a')], [mirrored(there('a')), native], WRITER);
    expect(counts(moved)).toEqual([0, 0, 0, 1, 1]);
  });

  it('[K23] distinguishes the same place in different services', () => {
    const native = clientInstance('a', { service: 'payments' });
    expect(counts(planMirror([there('a')], [native], WRITER))).toEqual([1, 0, 0, 0, 0]);
  });

  it('[K23] waits until copies written with a previous token expire', () => {
    const before = { ...mirrored(there('a')), owner: 'tokenbefore1' };
    expect(counts(planMirror([there('a')], [before], WRITER))).toEqual([0, 0, 0, 0, 1]);
  });

  it('[K21] uses the first of two with the same name', () => {
    const plan = planMirror([there('a'), there('a', { port: 1 })], [], WRITER);
    expect(plan.added.map(({ source }) => source.body.port)).toEqual([8080]);
  });
});

describe('any two registries', () => {
  const port = fc.integer({ min: 1, max: 4 });
  const service = fc.constantFrom('orders', 'payments');
  const source = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), port, service, zone: fc.constantFrom('x', 'y') });
  const native = fc.record({ id: fc.constantFrom('a', 'n', 'eureka:b'), port, service });
  const instanceOf = ({
    id,
    port: at,
    service: of,
    zone,
  }: {
    id: string;
    port: number;
    service: string;
    zone: string;
  }) => ({ ...there(id, { port: at, metadata: { zone } }), service: of }) satisfies SourceInstance;

  it('[K21, K22, K23] agree after the plan, except for instances native here, which no plan changes', () => {
    fc.assert(
      fc.property(
        fc.array(source),
        fc.array(source),
        fc.uniqueArray(native, { selector: ({ id, service: of }) => `${of} ${id}` }),
        (before, now, natives) => {
          const strangers = natives.map(({ id, port: at, service: of }) =>
            clientInstance(id, { port: at, service: of, owner: 'tokenofitsown' }),
          );
          // The mirror's entries for the previous source, some of which another writer has taken over since.
          const old = carriedOut([], planMirror(before.map(instanceOf), [], WRITER));
          const taken = new Set(strangers.map(({ service: of, id }) => `${of} ${id}`));
          const here = [...old.filter(({ service: of, id }) => !taken.has(`${of} ${id}`)), ...strangers];

          const plan = planMirror(now.map(instanceOf), here, WRITER);
          const then = carriedOut(here, plan);
          const again = planMirror(now.map(instanceOf), then, WRITER);
          expect([again.added, again.changed, again.vanished]).toEqual([[], [], []]);

          const isStranger = (instance: Instance) => !isOwn(instance, WRITER);
          expect(new Set(then.filter(isStranger))).toEqual(new Set(here.filter(isStranger)));

          const wanted = new Set(now.map(({ service: of, id }) => `${of} eureka:${id}`));
          const own = then.filter((instance) => isOwn(instance, WRITER));
          expect(own.length + again.skipped.length).toBe(wanted.size);
          for (const { service: of, id } of own) expect(wanted).toContain(`${of} ${id}`);
          for (const { port: at, service: of } of own) {
            expect(strangers.some((stranger) => stranger.port === at && stranger.service === of)).toBe(false);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
