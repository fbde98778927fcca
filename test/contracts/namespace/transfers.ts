import { describe, expect, it } from 'vitest';
import { key } from '../../fixtures/definition';
import { ADMIN, applyStaged, exportLines, importLines, planOf, stageLines } from '../../fixtures/files';
import { bodyOf, refusal, type Scene } from './scene';

/** Tests the export of a namespace to a file, and the import. */
export function transfers(stage: () => Scene): void {
  describe('export files', () => {
    const furnish = async (scene: Scene) => {
      await scene.register('a', { metadata: { ü: '\\"' }, extensions: { nacos: { b: [null] } } });
      await scene.register('b', { ephemeral: false });
      await scene.override('a', { weight: 5, quarantine: { reason: 'r' } });
      await scene.putService({ protectThreshold: 0.5, selector: { type: 'label', expression: 'x' } });
      return exportLines(scene.api);
    };

    it('[Z12, Z10] contain everything and recreate it', async () => {
      const scene = stage();
      const lines = await furnish(scene);
      expect(lines.map((line) => JSON.parse(line).kind)).toEqual(['service', 'override', 'instance', 'instance']);
      const cursor = await scene.cursor();
      await importLines(scene.api, [], 'replace');
      expect(await exportLines(scene.api)).toEqual([]);
      const { revision } = await importLines(scene.api, lines, 'replace');
      expect(await scene.revision()).toBe(revision);
      expect(await exportLines(scene.api)).toEqual(lines);
      expect(bodyOf(await scene.api.readInstance({ key: key('a') }))).toMatchObject({ weight: 5, quarantined: true });
      await expect(scene.api.history({ since: cursor })).rejects.toEqual(refusal('COMPACTED'));
    });

    it('[Z6, Z8] report what they would change, and change nothing when merged twice', async () => {
      const scene = stage();
      const lines = await furnish(scene);
      await scene.deregister('b');
      await scene.register('c');
      const importId = await stageLines(scene.api, lines, 2);
      expect(await planOf(scene.api, importId, 'merge')).toMatchObject({ added: 1, unchanged: 3, removed: 0 });
      expect((await planOf(scene.api, importId, 'replace')).differences).toEqual(['+b', '-c']);
      await applyStaged(scene.api, importId, 'merge');
      const { revision } = await importLines(scene.api, lines, 'merge');
      expect(await scene.revision()).toBe(revision);
      const { changes } = bodyOf(await scene.api.history({ limit: 1 })).entries[0] ?? { changes: [] };
      expect(changes).toMatchObject([{ id: 'b', cause: 'imported', after: { owner: 'owner' } }]);
    });

    it('[Z11] leave nothing behind when they are abandoned or replaced', async () => {
      const scene = stage();
      const importId = await stageLines(scene.api, await furnish(scene));
      await scene.api.dropImport(ADMIN, { importId });
      await expect(scene.api.applyImport(ADMIN, { importId, mode: 'replace' })).rejects.toEqual(refusal('CONFLICT'));
      const first = await stageLines(scene.api, []);
      await stageLines(scene.api, []);
      await expect(scene.api.planImport(ADMIN, { importId: first, mode: 'merge' })).rejects.toEqual(
        refusal('CONFLICT'),
      );
      expect((await exportLines(scene.api)).length).toBe(4);
    });
  });
}
