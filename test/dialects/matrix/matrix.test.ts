import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consulMetadata } from './consul-door';
import type { Door, Seen, Written } from './door';
import { type DoorName, doors, expected, INSTANCE, LEASE_ENDS_WITHIN_MS, NAMES, withMetadata } from './doors';
import { LAYOUT_DOORS, putEntry, seenEntries } from './layout-doors';

/** Every door reads what any door writes: all pairs of doors, each with itself included. */

/** Doors with operator actions. */
const OPERATORS = ['native', 'eureka', 'nacos'] as const;
const PAIRS = NAMES.flatMap((writer) => NAMES.map((reader) => [writer, reader] as const));

/** Returns the instances that receive traffic, according to a door. */
const inTraffic = async (door: Door): Promise<string[]> =>
  (await door.read()).filter(({ traffic }) => traffic).map(({ address }) => address);

/** Reports whether an instance receives traffic, at each door. */
async function atEachDoor(of: Record<string, Door>): Promise<Record<string, boolean>> {
  const entries = await Promise.all(
    Object.values(of).map(async (door) => [door.name, (await inTraffic(door)).includes(INSTANCE.address)] as const),
  );
  return Object.fromEntries(entries);
}
const everywhere = (value: boolean) => Object.fromEntries(NAMES.map((name) => [name, value]));

describe.each(PAIRS)('an instance that %s writes, %s', (writer, reader) => {
  it('[I11] reads field by field, and so with its changes', async () => {
    const { of } = doors();
    await of[writer].register(INSTANCE);
    expect(await of[reader].read()).toEqual([expected(of[writer], of[reader], INSTANCE)]);
    const changed = {
      ...INSTANCE,
      weight: 7,
      metadata: { protocol: 'http', more: 'x' },
      version: '1.3.0',
      securePort: 9443,
    };
    await of[writer].register(changed);
    expect(await of[reader].read()).toEqual([expected(of[writer], of[reader], changed)]);
    await of[writer].remove(changed);
    expect(await of[reader].read()).toEqual([]);
  });
});

describe.each(NAMES)('an instance of %s', (writer) => {
  it('[I11] is out of traffic at every door while it is quarantined, whatever it sends', async () => {
    const { stage, of } = doors();
    const override = `/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/${INSTANCE.id}/override`;
    await of[writer].register(INSTANCE);
    expect(await atEachDoor(of)).toEqual(everywhere(true));
    await stage.json('PUT', override, { quarantine: {} });
    expect(await atEachDoor(of)).toEqual(everywhere(false));
    await of[writer].beat(INSTANCE);
    await of[writer].register(INSTANCE);
    expect(await atEachDoor(of)).toEqual(everywhere(false));
    await stage.send('DELETE', override);
    expect(await atEachDoor(of)).toEqual(everywhere(true));
  });

  it.each(OPERATORS)(
    '[I11] is out of traffic at every door when an operator takes it out through %s',
    async (through) => {
      const { of } = doors();
      const { operate } = of[through];
      await of[writer].register(INSTANCE);
      if (operate === undefined) throw new Error('the door has no operator call');
      await operate.takeOut(INSTANCE);
      expect(await atEachDoor(of)).toEqual(everywhere(false));
      await of[writer].beat(INSTANCE);
      await of[writer].register(INSTANCE);
      expect(await atEachDoor(of)).toEqual(everywhere(false));
      await operate.putBack(INSTANCE);
      expect(await atEachDoor(of)).toEqual(everywhere(true));
    },
  );

  it('[I11] is in traffic at every door while it sends heartbeats, and gone from all of them after', async () => {
    const { stage, of } = doors();
    const { lifetime } = of[writer];
    await of[writer].register(INSTANCE);
    for (let beat = 0; beat < 5; beat++) {
      await stage.namespace.pass(lifetime.unhealthyMs / 2);
      await of[writer].beat(INSTANCE);
    }
    expect(await atEachDoor(of)).toEqual(everywhere(true));
    await stage.namespace.pass(lifetime.unhealthyMs + LEASE_ENDS_WITHIN_MS);
    const own = lifetime.showsUntilGone === true ? { [writer]: true } : {};
    expect(await atEachDoor(of)).toEqual({ ...everywhere(false), ...own });
    await stage.namespace.pass(lifetime.goneMs - lifetime.unhealthyMs);
    expect(await Promise.all(NAMES.map((name) => of[name].read()))).toEqual(NAMES.map(() => []));
  });

  it('[I11] that registers again is in traffic at every door', async () => {
    const { stage, of } = doors();
    const { lifetime } = of[writer];
    await of[writer].register(INSTANCE);
    await stage.namespace.pass(lifetime.goneMs + LEASE_ENDS_WITHIN_MS);
    await of[writer].register(INSTANCE);
    expect(await atEachDoor(of)).toEqual(everywhere(true));
  });
});

describe.each(LAYOUT_DOORS)('an entry of $kind', (layout) => {
  const { kind, prefix, speaks, hasMetadata } = layout;
  const metadata = { zone: 'a', protocol: 'http' };

  it.each(NAMES)('[I11, LO16] is read field by field through %s, and gone with its lease', async (reader) => {
    const { stage, of } = doors();
    if (kind === 'go-kit' || kind === 'kratos') await stage.layOut([{ kind, prefix }]);
    if (kind === 'grpc-naming') await stage.layOut([{ kind, prefix }]);
    const lease = await putEntry(stage, layout, { ...INSTANCE, metadata });
    const writer = { ...of.native, name: kind, speaks };
    const [seen, ...others] = await of[reader].read();
    const wanted = expected(writer, of[reader], { ...INSTANCE, metadata });
    // As an instance of another protocol, it has no version there.
    if (reader === 'go-micro' && kind === 'go-micro') wanted.version = INSTANCE.version;
    expect(others).toEqual([]);
    expect(seen && withMetadata(seen, hasMetadata)).toEqual(withMetadata(wanted, hasMetadata));
    await stage.send('DELETE', `/api/v1/ns/public/leases/${lease}`);
    expect(await of[reader].read()).toEqual([]);
  });

  it.each(NAMES)('[I11, LO16] shows field by field what %s writes, while it is in traffic', async (writer) => {
    const { stage, of } = doors();
    await stage.layOut([{ kind, prefix, show: true }]);
    await of[writer].register({ ...INSTANCE, metadata });
    const reader = { ...of.native, name: kind, speaks };
    const { traffic: _, ...wanted } = expected(of[writer], reader, { ...INSTANCE, metadata });
    if (kind === 'go-micro' && wanted.version === '') wanted.version = 'latest';
    expect(await seenEntries(stage, layout)).toEqual([withMetadata(wanted, hasMetadata)]);
    const override = `/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/${INSTANCE.id}/override`;
    await stage.json('PUT', override, { quarantine: {} });
    expect(await seenEntries(stage, layout)).toEqual([]);
    await stage.send('DELETE', override);
    expect(await seenEntries(stage, layout)).toHaveLength(1);
    await of[writer].remove(INSTANCE);
    expect(await seenEntries(stage, layout)).toEqual([]);
  });
});

describe('any fleet', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aZ09 _-.:/&<>"\'\\$ä日'), maxLength: 12 });
  // `__proto__`, and the markers of single dialects, have separate tests.
  const key = fc
    .string({ unit: fc.constantFrom(...'aZ09_-.$ '), minLength: 1, maxLength: 8 })
    .map((name) => `k${name}`);
  const instance = fc.record<Written>({
    id: fc.constant(''),
    // Consul refuses an address that no client can connect to.
    address: fc.oneof(
      fc.ipV4().filter((ip) => ip !== '0.0.0.0'),
      fc.constantFrom('2001:db8::7', '::1', 'orders-1.internal', 'host_1'),
    ),
    port: fc.integer({ min: 1, max: 65_535 }),
    metadata: fc.dictionary(key, text, { maxKeys: 4 }).map((entries) => ({ ...entries, protocol: 'http' })),
    weight: fc.constantFrom(0.5, 1, 100, 9_999),
    cluster: fc.constantFrom('DEFAULT', 'EAST', 'west-2'),
    version: fc.constantFrom('', '1', '2.0.0-rc.1'),
    securePort: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
  });
  const fleet = fc.uniqueArray(fc.tuple(instance, fc.constantFrom(...NAMES)), {
    maxLength: 6,
    selector: ([{ address }]) => address,
  });
  const byAddress = (one: Seen, other: Seen) => (one.address < other.address ? -1 : 1);

  it('[I11] looks the same at every door, whichever doors its instances came through', async () => {
    await fc.assert(
      fc.asyncProperty(fleet, async (members) => {
        const { of } = doors();
        const written = members.map(([member, writer]): [Written, DoorName] => {
          const { address, port, securePort } = member;
          const id = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
          const metadata = writer === 'consul' ? consulMetadata(member.metadata) : member.metadata;
          return [{ ...member, id, metadata, securePort: securePort === port ? undefined : securePort }, writer];
        });
        for (const [member, writer] of written) await of[writer].register(member);
        for (const reader of NAMES) {
          const wanted = written.map(([member, writer]) => expected(of[writer], of[reader], member));
          expect((await of[reader].read()).sort(byAddress)).toEqual(wanted.sort(byAddress));
        }
      }),
      { numRuns: 20 },
    );
  });
});
