import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { definition, key, ORDERS } from '../../fixtures/definition';
import { ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, longTime, where } from './test-namespace';

/** Tests registering, replacing, patching and removing instances. */
export function registrations(stage: () => Scene, capabilities: Capabilities): void {
  describe('register', () => {
    it('[R1] creates an instance that is read, listed and resolved from then on', async () => {
      const scene = stage();
      const { created, instance } = await scene.register('a');
      const { expiresAt: _expiresAt, warnings, ...view } = instance;
      expect(created).toBe(true);
      expect(warnings).toEqual([]);
      expect(await scene.read('a')).toEqual(view);
      expect(await scene.listed()).toEqual(['a']);
      expect(await scene.resolved()).toEqual(['a']);
    });

    it('[R1] adds the members that the registry derives', async () => {
      const { instance } = await stage().register('a');
      expect(instance).toMatchObject({
        ...key('a'),
        owner: OWNER.tokenId,
        healthy: true,
        available: true,
        enabled: true,
        quarantined: false,
        flapping: false,
        overridden: false,
        createdRevision: 1,
        revision: 1,
        changes: 1,
      });
      expect(instance.updatedAt).toBe(instance.registeredAt);
      expect(Date.parse(instance.expiresAt ?? '') - Date.parse(instance.registeredAt)).toBe(30_000);
    });

    it('[R6] sets defaults for omitted members', async () => {
      const { instance } = await stage().register('a');
      expect(instance).toMatchObject({
        cluster: 'DEFAULT',
        weight: 1,
        status: 'up',
        ephemeral: true,
        metadata: {},
        tags: [],
        ports: {},
        extensions: {},
        lease: { ttlMs: 30_000, removeAfterMs: 30_000, intervalMs: 10_000 },
      });
    });

    it('returns every member as it was written', async () => {
      const scene = stage();
      const input = {
        address: 'fd00::7',
        port: 443,
        url: 'https://orders.example/api',
        ports: { admin: { port: 9000, secure: false }, grpc: { port: 9443, secure: true } },
        cluster: 'blue',
        node: 'host-1',
        weight: 2.5,
        status: 'starting' as const,
        metadata: { team: 'shop' },
        tags: ['b', 'a'],
        version: '1.2.3',
        location: { region: 'eu', zone: 'eu-1', colo: 'BER', latitude: 52.5, longitude: 13.4 },
        incarnation: 'run-1',
        lease: { ttlMs: 20_000, removeAfterMs: 60_000, intervalMs: 4_000, firstRemoveAfterMs: 90_000 },
        extensions: { eureka: { leaseInfo: { evictionTimestamp: 0 } }, nacos: [1, null, 'x'] },
      };
      await scene.register('a', input);
      expect(await scene.read('a')).toMatchObject(input);
    });

    it('[R2] changes nothing when the same content is sent again', async () => {
      const scene = stage();
      const input = { metadata: { a: '1', b: '2' }, tags: ['x'], lease: { ttlMs: 10_000 } };
      const first = await scene.register('a', input);
      const again = await scene.register('a', { ...input, metadata: { b: '2', a: '1' } });
      expect(again.created).toBe(false);
      expect(again.cursor).toBe(first.cursor);
      expect(again.instance.revision).toBe(1);
      expect(again.instance.changes).toBe(1);
      expect(await scene.stats()).toMatchObject({ revision: 1, journal: { revisions: 1 } });
    });

    it("[R3] replaces different content and keeps the registry's own data of the instance", async () => {
      const scene = stage();
      const first = await scene.register('a', { metadata: { version: '1' }, tags: ['old'] });
      await scene.register('b');
      const second = await scene.register('a', { port: 9090 }, { caller: OPERATOR });
      expect(second.created).toBe(false);
      expect(second.instance).toMatchObject({
        port: 9090,
        metadata: {},
        tags: [],
        createdRevision: 1,
        registeredAt: first.instance.registeredAt,
        owner: OWNER.tokenId,
        revision: 3,
        changes: 2,
      });
    });

    it("[R1] uses the caller's location if none is given, and does not compare it", async () => {
      const scene = stage();
      const berlin = { ...OWNER, place: { colo: 'TXL', latitude: 52.5, longitude: 13.4 } };
      const first = await scene.register('a', {}, { caller: berlin });
      expect(first.instance.location).toEqual(berlin.place);
      const elsewhere = { ...OWNER, place: { colo: 'CDG', latitude: 48.9, longitude: 2.4 } };
      const again = await scene.register('a', {}, { caller: elsewhere });
      expect(again.cursor).toBe(first.cursor);
      expect(again.instance.location).toEqual(berlin.place);
      const own = await scene.register('b', { location: { zone: 'eu-1' } }, { caller: berlin });
      expect(own.instance.location).toEqual({ zone: 'eu-1' });
    });

    it('[R11] warns about likely mistakes', async () => {
      const scene = stage();
      const warned = async (id: string, address: string, port: number) => {
        const caller = { ...OWNER, address: '10.0.0.9' };
        const { instance } = await scene.register(id, { address, port }, { caller });
        return instance.warnings.map(({ code }) => code);
      };
      expect(await warned('a', '10.0.0.9', 1)).toEqual([]);
      expect(await warned('b', '127.0.0.1', 2)).toEqual(['LOOPBACK_ADDRESS']);
      expect(await warned('c', '169.254.1.1', 3)).toEqual(['LINK_LOCAL_ADDRESS']);
      expect(await warned('d', '10.0.0.8', 4)).toEqual(['FOREIGN_ADDRESS']);
      expect(await warned('e', '10.0.0.9', 1)).toEqual(['DUPLICATE_ADDRESS']);
    });

    it('[Q4, C5] refuses and changes nothing if its precondition does not hold', async () => {
      const scene = stage();
      const { cursor } = await scene.register('a');
      await expect(scene.register('a', { port: 1 }, { precondition: { absent: true } })).rejects.toEqual(
        refusal('REVISION_MISMATCH'),
      );
      await expect(scene.register('b', {}, { precondition: { revision: 1 } })).rejects.toEqual(
        refusal('REVISION_MISMATCH'),
      );
      expect(await scene.cursor()).toBe(cursor);
      expect(await scene.listed()).toEqual(['a']);
      const { instance } = await scene.register('a', { port: 1 }, { precondition: { cursor } });
      expect(instance.revision).toBe(2);
    });

    it('[Q4] checks the precondition of a repeated registration too', async () => {
      const scene = stage();
      await scene.register('a');
      await expect(scene.register('a', {}, { precondition: { absent: true } })).rejects.toEqual(
        refusal('REVISION_MISMATCH'),
      );
    });
  });

  describe('patch', () => {
    it('[R8] changes the given members: metadata as a merge patch, tags as a whole', async () => {
      const scene = stage();
      await scene.register('a', { metadata: { keep: '1', change: '1', drop: '1' }, tags: ['x', 'y'], weight: 3 });
      const patched = await scene.patch('a', { metadata: { change: '2', drop: null, add: '4' }, tags: ['z'] });
      expect(patched).toMatchObject({
        metadata: { keep: '1', change: '2', add: '4' },
        tags: ['z'],
        weight: 3,
        revision: 2,
        changes: 2,
      });
      expect(patched.metadata).not.toHaveProperty('drop');
      expect(await scene.patch('a', { weight: 0, status: 'down' })).toMatchObject({ weight: 0, status: 'down' });
      expect(await scene.resolved()).toEqual([]);
    });

    it('[R2] makes no revision if nothing is different', async () => {
      const scene = stage();
      await scene.register('a', { metadata: { a: '1' }, tags: ['x'] });
      await scene.patch('a', { metadata: { a: '1', b: null }, tags: ['x'], weight: 1, status: 'up' });
      expect(await scene.revision()).toBe(1);
    });

    it('[R14, C5] refuses a result that exceeds a limit', async () => {
      const scene = stage();
      const entries = Array.from({ length: 64 }, (_, index) => [`key-${index}`, 'value']);
      await scene.register('a', { metadata: Object.fromEntries(entries) });
      const details = { errors: [{ path: 'metadata', message: expect.any(String) }] };
      await expect(scene.patch('a', { weight: 7, metadata: { oneMore: 'value' } })).rejects.toEqual(
        expect.objectContaining({ code: 'INVALID_REQUEST', details }),
      );
      expect(await scene.read('a')).toMatchObject({ weight: 1, revision: 1 });
      expect(await scene.patch('a', { metadata: { oneMore: 'value', 'key-0': null } })).toMatchObject({ revision: 2 });
    });

    it('of an unknown instance is refused', () =>
      expect(stage().patch('a', { weight: 1 })).rejects.toEqual(refusal('INSTANCE_NOT_FOUND')));

    it('[Q4] checks its precondition', async () => {
      const scene = stage();
      const { cursor } = await scene.register('a');
      await scene.patch('a', { weight: 2 }, { cursor });
      await expect(scene.patch('a', { weight: 3 }, { cursor })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      expect(await scene.read('a')).toMatchObject({ weight: 2 });
    });

    where(capabilities.movesTime, () => {
      it('[R8] does not renew the lease', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.pass(20_000);
        await scene.patch('a', { weight: 2 });
        await scene.pass(9_999 + ENDS_AFTER_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });
    });
  });

  describe('deregister', () => {
    it('[R9] removes the instance, and succeeds where there is none', async () => {
      const scene = stage();
      await scene.register('a');
      const first = await scene.deregister('a');
      expect(await scene.listed()).toEqual([]);
      expect(await scene.resolved()).toEqual([]);
      await expect(scene.read('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
      expect(await scene.deregister('a')).toEqual(first);
      expect(await scene.deregister('never')).toEqual(first);
      expect(await scene.revision()).toBe(2);
    });

    it('[Q4] checks its precondition, also for a removed instance', async () => {
      const scene = stage();
      const { cursor } = await scene.register('a');
      await scene.patch('a', { weight: 2 });
      await expect(scene.deregister('a', { cursor })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      await scene.deregister('a', { revision: 2 });
      await expect(scene.deregister('a', { revision: 2 })).rejects.toEqual(refusal('REVISION_MISMATCH'));
    });

    it('[R1] lets a registration under the same id start anew', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.deregister('a');
      const { created, instance } = await scene.register('a', {}, { caller: OPERATOR });
      expect(created).toBe(true);
      expect(instance).toMatchObject({ createdRevision: 3, changes: 1, owner: OPERATOR.tokenId });
    });
  });

  describe('an instance without a lease', () => {
    it('[R10] has no deadline, and its heartbeat is refused with CONFLICT', async () => {
      const scene = stage();
      const { instance } = await scene.register('a', { ephemeral: false });
      expect(instance).toMatchObject({ lease: null, expiresAt: null, ephemeral: false, available: true });
      await expect(scene.beat('a')).rejects.toEqual(refusal('CONFLICT'));
      expect(await scene.stats()).toMatchObject({ instances: 1, leases: 0 });
    });

    where(capabilities.movesTime, () => {
      it('[R10] stays without any heartbeat until it registers with a lease', async () => {
        const scene = stage();
        await scene.register('a', { ephemeral: false });
        await scene.pass(longTime(capabilities));
        expect(await scene.resolved()).toEqual(['a']);
        await scene.register('a');
        await scene.pass(30_000 + ENDS_AFTER_MS);
        expect(await scene.listed()).toEqual([]);
      });

      it('[R10] no longer has the lease it had before', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.register('a', { ephemeral: false });
        await scene.pass(3_600_000);
        expect(await scene.resolved()).toEqual(['a']);
      });
    });
  });

  it('[I4] concurrent calls take effect one after another', async () => {
    const scene = stage();
    const command = (port: number) => ({ key: key('a'), definition: definition({ port }), precondition: {} });
    await Promise.all(Array.from({ length: 20 }, (_, index) => scene.api.register(OWNER, command(1_000 + index))));
    const { instances } = await scene.list();
    expect(instances).toMatchObject([{ changes: 20, revision: 20 }]);
    expect((await scene.readService(ORDERS.service)).revision).toBe(20);
  });
}
