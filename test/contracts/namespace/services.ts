import { describe, expect, it } from 'vitest';
import { ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

/** Tests services, with instances and without. */
export function services(stage: () => Scene, capabilities: Capabilities): void {
  describe('a service that was never created explicitly', () => {
    it('[R12] exists from its first instance to its last', async () => {
      const scene = stage();
      await expect(scene.readService()).rejects.toEqual(refusal('SERVICE_NOT_FOUND'));
      await scene.register('a');
      await scene.register('b');
      expect(await scene.readService()).toEqual({
        name: 'orders',
        group: 'DEFAULT_GROUP',
        instances: 2,
        healthy: 2,
        available: 2,
        persistent: false,
        revision: 2,
        metadata: {},
        protectThreshold: 0,
        createdRevision: null,
      });
      await scene.deregister('a');
      expect(await scene.readService()).toMatchObject({ instances: 1, revision: 3 });
      await scene.deregister('b');
      await expect(scene.readService()).rejects.toEqual(refusal('SERVICE_NOT_FOUND'));
      expect(await scene.services()).toEqual([]);
      expect(await scene.stats()).toMatchObject({ services: 0 });
    });

    it('[R12] does not exist because of an override alone', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.override('a', { weight: 5 });
      await scene.deregister('a');
      await expect(scene.readService()).rejects.toEqual(refusal('SERVICE_NOT_FOUND'));
      expect(await scene.services()).toEqual([]);
    });

    where(capabilities.movesTime, () => {
      it('[R12] is removed when its last instance expires', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.pass(30_000 + ENDS_AFTER_MS);
        expect(await scene.services()).toEqual([]);
      });
    });
  });

  describe('putService', () => {
    it('[R12] creates a service that stays without instances', async () => {
      const scene = stage();
      const selector = { type: 'label', expression: 'a = b' };
      const { created, service } = await scene.putService({
        metadata: { b: '2', a: '1' },
        protectThreshold: 0.5,
        selector,
      });
      expect(created).toBe(true);
      expect(service).toMatchObject({
        instances: 0,
        persistent: true,
        metadata: { a: '1', b: '2' },
        protectThreshold: 0.5,
        selector,
        createdRevision: 1,
        revision: 1,
      });
      await scene.register('a');
      await scene.deregister('a');
      expect(await scene.readService()).toMatchObject({ persistent: true, instances: 0, revision: 3 });
    });

    it('[R2] changes nothing when the same content is sent again', async () => {
      const scene = stage();
      await scene.putService({ metadata: { a: '1', b: '2' } });
      const again = await scene.putService({ metadata: { b: '2', a: '1' } });
      expect(again.created).toBe(false);
      expect(await scene.revision()).toBe(1);
    });

    it('replaces the definition and keeps the creation time', async () => {
      const scene = stage();
      await scene.putService({ metadata: { a: '1' }, protectThreshold: 0.5 });
      await scene.register('a');
      const { service } = await scene.putService({ metadata: { b: '2' } });
      expect(service).toMatchObject({ metadata: { b: '2' }, protectThreshold: 0, createdRevision: 1, revision: 3 });
      expect(service.instances).toBe(1);
    });

    it('adds a definition to a service that has instances', async () => {
      const scene = stage();
      await scene.register('a');
      const { created, service } = await scene.putService({ protectThreshold: 0.5 });
      expect(created).toBe(true);
      expect(service).toMatchObject({ instances: 1, persistent: true, createdRevision: 2 });
    });

    it('[Q4] checks its precondition', async () => {
      const scene = stage();
      const put = (protectThreshold: number, precondition: object) =>
        scene.putService({ protectThreshold }, { precondition });
      await put(0.1, { absent: true });
      await expect(put(0.2, { absent: true })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      const cursor = await scene.cursor();
      await scene.register('a');
      await put(0.3, { cursor });
      await expect(put(0.4, { cursor })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      await expect(put(0.4, { revision: 1 })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      expect(await scene.readService()).toMatchObject({ protectThreshold: 0.3 });
    });
  });

  describe('patchService', () => {
    it('[R8] changes the given members', async () => {
      const scene = stage();
      const selector = { type: 'label', expression: '' };
      await scene.putService({ metadata: { a: '1', b: '2' }, protectThreshold: 0.5, selector });
      expect(await scene.patchService({ metadata: { a: null, c: '3' } })).toMatchObject({
        metadata: { b: '2', c: '3' },
        protectThreshold: 0.5,
        selector,
      });
      expect(await scene.patchService({ selector: null, protectThreshold: 0 })).not.toHaveProperty('selector');
      await scene.patchService({ metadata: { c: '3' } });
      expect(await scene.revision()).toBe(3);
    });

    it('[R12] gives a definition to a service that its instances created', async () => {
      const scene = stage();
      await scene.register('a');
      expect(await scene.patchService({ metadata: { a: '1' } })).toMatchObject({
        persistent: true,
        createdRevision: 2,
      });
    });

    it('[V7] refuses an unknown service', () =>
      expect(stage().patchService({ protectThreshold: 1 })).rejects.toEqual(refusal('SERVICE_NOT_FOUND')));
  });

  describe('removeService', () => {
    it('[R13] is refused while there are instances, and changes nothing', async () => {
      const scene = stage();
      await scene.putService({ metadata: { a: '1' } });
      await scene.register('a');
      await expect(scene.removeService()).rejects.toEqual(refusal('CONFLICT'));
      expect(await scene.readService()).toMatchObject({ persistent: true, instances: 1 });
      await scene.deregister('a');
      await scene.removeService();
      await expect(scene.readService()).rejects.toEqual(refusal('SERVICE_NOT_FOUND'));
    });

    it('[R13] with force removes the instances too, in one revision', async () => {
      const scene = stage();
      await scene.putService();
      for (const id of ['a', 'b', 'c']) await scene.register(id);
      await scene.register('a', {}, { service: 'users' });
      await scene.removeService({ force: true });
      expect(await scene.revision()).toBe(6);
      expect(await scene.listed()).toEqual([]);
      expect((await scene.services()).map(({ name }) => name)).toEqual(['users']);
      await expect(scene.beat('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
    });

    it('succeeds where there is none', async () => {
      const scene = stage();
      await scene.removeService();
      await scene.removeService({ force: true });
      expect(await scene.revision()).toBe(0);
    });

    it('[Q4] checks its precondition', async () => {
      const scene = stage();
      await scene.putService();
      await scene.putService({ protectThreshold: 1 });
      await expect(scene.removeService({ precondition: { revision: 1 } })).rejects.toEqual(
        refusal('REVISION_MISMATCH'),
      );
      await scene.removeService({ precondition: { revision: 2 } });
      expect(await scene.services()).toEqual([]);
    });
  });
}
