import { describe, expect, it, onTestFinished } from 'vitest';
import type { Written } from './door';
import { doors, expected, INSTANCE, LEASE_ENDS_WITHIN_MS, NAMES, withMetadata } from './doors';
import { EtcdCalls, EtcdSubscriber } from './etcd-calls';
import { folderOf, LAYOUT_DOORS, type LayoutDoor } from './layout-doors';

/**
 * etcd's row and column of the matrix: frameworks for Go that register through etcd's API are read at every door, and read
 * what every door writes. Each framework makes its own calls: of a publisher, and of a subscriber that watches.
 */

/** TTL of a publisher's lease, as of go-zero. */
const TTL_SECONDS = 10;
const TTL_MS = TTL_SECONDS * 1_000;

const INSTANCES = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances';

const MEMBER = INSTANCE;
const CHANGED: Written = { ...MEMBER, metadata: { zone: 'b', protocol: 'http' } };

function stageWithEtcd() {
  const { stage, of } = doors();
  return { stage, of, etcd: new EtcdCalls(stage) };
}

/** Layouts that are read only below a prefix of the settings, or whose prefix is not part of the service's name. */
const needsSetting = ({ kind }: LayoutDoor): boolean =>
  kind === 'go-kit' || kind === 'kratos' || kind === 'grpc-naming';

/** Registers as a publisher of the framework does. Returns the key and the lease of the instance. */
async function publish(etcd: EtcdCalls, layout: LayoutDoor, instance: Written, granted?: string) {
  const lease = granted ?? (await etcd.grant(TTL_SECONDS));
  const { key, value } = layout.entryOf(instance, lease);
  await etcd.put(key, value, lease);
  return { key, lease };
}

async function subscribe(etcd: EtcdCalls, layout: LayoutDoor): Promise<EtcdSubscriber> {
  const subscriber = await EtcdSubscriber.start(etcd, layout);
  onTestFinished(() => subscriber.stop());
  return subscriber;
}

/** Returns what a framework reads of an instance that another door or framework wrote. */
function shownTo(layout: LayoutDoor, writer: Parameters<typeof expected>[0], instance: Written) {
  const { kind, speaks, hasMetadata } = layout;
  const { traffic: _, ...wanted } = expected(writer, { ...writer, name: kind, speaks }, instance);
  if (kind === 'go-micro' && wanted.version === '') wanted.version = 'latest';
  return withMetadata(wanted, hasMetadata);
}

describe.each(LAYOUT_DOORS)('a publisher of $kind', (layout) => {
  const { kind, prefix, speaks, hasMetadata } = layout;

  it.each(NAMES)('[I11, LO16] is read field by field through %s while it renews its lease', async (reader) => {
    const { stage, of, etcd } = stageWithEtcd();
    if (needsSetting(layout)) await stage.layOut([{ kind, prefix }]);
    const read = async () => (await of[reader].read()).map((seen) => withMetadata(seen, hasMetadata));
    const wanted = (instance: Written) => [
      withMetadata(expected({ ...of.native, name: kind, speaks }, of[reader], instance), hasMetadata),
    ];
    const { lease } = await publish(etcd, layout, MEMBER);
    expect(await read()).toEqual(wanted(MEMBER));
    await publish(etcd, layout, CHANGED, lease);
    expect(await read()).toEqual(wanted(CHANGED));
    for (let renewal = 0; renewal < 4; renewal++) {
      await stage.namespace.pass(TTL_MS / 2);
      expect(await etcd.keepAlive(lease)).toBe(TTL_SECONDS);
    }
    expect(await read()).toEqual(wanted(CHANGED));
    await etcd.revoke(lease);
    expect(await read()).toEqual([]);
  });

  it('[I11, LO16] is gone from every door when it no longer renews, or deletes its key', async () => {
    const { stage, of, etcd } = stageWithEtcd();
    if (needsSetting(layout)) await stage.layOut([{ kind, prefix }]);
    const seen = () => Promise.all(NAMES.map(async (name) => (await of[name].read()).length));
    await publish(etcd, layout, MEMBER);
    expect(await seen()).toEqual(NAMES.map(() => 1));
    await stage.namespace.pass(TTL_MS + LEASE_ENDS_WITHIN_MS);
    expect(await seen()).toEqual(NAMES.map(() => 0));
    const { key } = await publish(etcd, layout, MEMBER);
    expect(await seen()).toEqual(NAMES.map(() => 1));
    await etcd.delete(key);
    expect(await seen()).toEqual(NAMES.map(() => 0));
  });

  it('[I11, LO4] that is quarantined is out of traffic at every door, and keeps its own key', async () => {
    const { stage, of, etcd } = stageWithEtcd();
    if (needsSetting(layout)) await stage.layOut([{ kind, prefix }]);
    const { key, lease } = await publish(etcd, layout, MEMBER);
    const inTraffic = () =>
      Promise.all(NAMES.map(async (name) => (await of[name].read()).some(({ traffic }) => traffic)));
    expect(await inTraffic()).toEqual(NAMES.map(() => true));
    // `as`: the API's response.
    const { instances } = (await stage.json('GET', INSTANCES)) as { instances: { id: string }[] };
    const override = `${INSTANCES}/${encodeURIComponent(instances[0]?.id ?? '')}/override`;
    await stage.json('PUT', override, { quarantine: {} });
    await publish(etcd, layout, MEMBER, lease);
    await etcd.keepAlive(lease);
    expect(await inTraffic()).toEqual(NAMES.map(() => false));
    expect((await etcd.range(folderOf(layout))).pairs).toMatchObject([{ key, lease }]);
    await stage.send('DELETE', override);
    expect(await inTraffic()).toEqual(NAMES.map(() => true));
  });
});

describe.each(LAYOUT_DOORS)('a subscriber of $kind', (layout) => {
  const { kind, prefix, hasMetadata } = layout;

  it.each(NAMES)('[I11, LO16] finds field by field what %s writes, changes and removes', async (writer) => {
    const { stage, of, etcd } = stageWithEtcd();
    await stage.layOut([{ kind, prefix, show: true }]);
    const follower = await subscribe(etcd, layout);
    expect(follower.first).toEqual([]);
    await of[writer].register(MEMBER);
    const seen = shownTo(layout, of[writer], MEMBER);
    expect(await follower.next()).toEqual([{ action: 'create', seen }]);
    expect((await subscribe(etcd, layout)).first).toEqual([seen]);
    await of[writer].register(CHANGED);
    const last = shownTo(layout, of[writer], CHANGED);
    // The others show nothing of what has changed, and so have no event.
    if (hasMetadata) expect(await follower.next()).toEqual([{ action: 'update', seen: last }]);
    await of[writer].remove(MEMBER);
    expect(await follower.next()).toEqual([{ action: 'delete', seen: last }]);
    expect((await subscribe(etcd, layout)).first).toEqual([]);
  });

  it.each(NAMES)('[I11, LO5] loses an instance of %s while it is quarantined, and when it expires', async (writer) => {
    const { stage, of, etcd } = stageWithEtcd();
    await stage.layOut([{ kind, prefix, show: true }]);
    await of[writer].register(MEMBER);
    const follower = await subscribe(etcd, layout);
    const seen = shownTo(layout, of[writer], MEMBER);
    expect(follower.first).toEqual([seen]);
    const override = `${INSTANCES}/${MEMBER.id}/override`;
    await stage.json('PUT', override, { quarantine: {} });
    expect(await follower.next()).toEqual([{ action: 'delete', seen }]);
    await stage.send('DELETE', override);
    expect(await follower.next()).toEqual([{ action: 'create', seen }]);
    const { lifetime } = of[writer];
    // An instance of Eureka takes traffic until it is gone.
    const gone = lifetime.showsUntilGone === true ? lifetime.goneMs : lifetime.unhealthyMs;
    await stage.namespace.pass(gone + LEASE_ENDS_WITHIN_MS);
    expect(await follower.next()).toEqual([{ action: 'delete', seen }]);
  });

  const others = LAYOUT_DOORS.filter((other) => other.kind !== kind);
  it.each(others)('[I11, LO5, LO16] finds a publisher of $kind until it leaves', async (other) => {
    const { stage, of, etcd } = stageWithEtcd();
    const own = needsSetting(other) ? [{ kind: other.kind, prefix: other.prefix }] : [];
    await stage.layOut([{ kind, prefix, show: true }, ...own]);
    const follower = await subscribe(etcd, layout);
    const { lease } = await publish(etcd, other, MEMBER);
    // go-micro's clients need a protocol, which is HTTP if nothing else is known.
    const metadata: Written['metadata'] = kind === 'go-micro' ? { protocol: 'http' } : {};
    const written = other.hasMetadata ? MEMBER : { ...MEMBER, metadata };
    const seen = shownTo(layout, { ...of.native, name: other.kind, speaks: other.speaks }, written);
    expect(await follower.next()).toEqual([{ action: 'create', seen }]);
    await etcd.revoke(lease);
    expect(await follower.next()).toEqual([{ action: 'delete', seen }]);
  });

  it('[I11, LO7] follows a publisher of its own framework by its own key alone', async () => {
    const { stage, of, etcd } = stageWithEtcd();
    await stage.layOut([{ kind, prefix, show: true }]);
    const follower = await subscribe(etcd, layout);
    const { lease, key } = await publish(etcd, layout, MEMBER);
    const written = hasMetadata ? MEMBER : { ...MEMBER, metadata: {} };
    const seen = shownTo(layout, { ...of.native, name: kind, speaks: layout.speaks }, written);
    expect(await follower.next()).toEqual([{ action: 'create', seen }]);
    expect((await etcd.range(folderOf(layout))).pairs.map((pair) => pair.key)).toEqual([key]);
    await etcd.revoke(lease);
    expect(await follower.next()).toEqual([{ action: 'delete', seen }]);
  });
});

describe('a go-zero subscriber with a fleet of all doors', () => {
  it('[I11, LO16] has the addresses of all of them, whichever doors they came through', async () => {
    const { stage, of, etcd } = stageWithEtcd();
    const [goZero] = LAYOUT_DOORS;
    if (goZero === undefined) throw new Error('go-zero is the first of the layouts');
    await stage.layOut([{ kind: 'go-zero', prefix: '', show: true }]);
    const at = (index: number): Written => ({ ...MEMBER, address: `10.0.0.${index}`, id: `10.0.0.${index}:8080` });
    const follower = await subscribe(etcd, goZero);
    const addresses: unknown[] = [];
    for (const [index, writer] of NAMES.entries()) {
      await of[writer].register(at(index));
      addresses.push(...(await follower.next()).map(({ seen }) => seen.address));
    }
    await publish(etcd, goZero, at(NAMES.length));
    addresses.push(...(await follower.next()).map(({ seen }) => seen.address));
    const all = [...NAMES, 'a publisher'].map((_, index) => at(index).address);
    expect(addresses).toEqual(all);
    for (const reader of NAMES) {
      expect((await of[reader].read()).map(({ address }) => address).sort(), reader).toEqual(all);
    }
  });
});
