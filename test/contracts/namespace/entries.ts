import { describe, expect, it } from 'vitest';
import { byteString } from '../../../src/model/bytes';
import type { EntryView } from '../../../src/model/entry';
import { intervalOfPrefix } from '../../../src/model/key-interval';
import { ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from '../../../src/model/limits';
import { OWNER } from '../../fixtures/callers';
import { ALL, EntryCalls } from '../../fixtures/entry-calls';
import { bodyOf, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

/** Every byte, as a key or a value. */
const EVERY_BYTE = byteString(Uint8Array.from({ length: 256 }, (_, byte) => byte));

/** Keys of bytes that are hard to keep, in their order. */
const HARD_KEYS = [
  '\u0000',
  '\u0000\u0000',
  '\u0000a',
  '..',
  '../a',
  'a',
  'a\u0000',
  'a/',
  '\u0080',
  '\u00c3',
  '\u00ff\u00ff',
];

/** Returns the bytes that a view shows, one character a byte. */
const bytesShown = (text: string | undefined, base64: string | undefined): string =>
  base64 === undefined ? byteString(new TextEncoder().encode(text ?? '')) : atob(base64);

const keyIn = ({ key, keyBase64 }: EntryView) => bytesShown(key, keyBase64);
const valueIn = ({ value, valueBase64 }: EntryView) => bytesShown(value, valueBase64);

/** Tests entries: keys and values. */
export function entries(stage: () => Scene, capabilities: Capabilities): void {
  const begin = () => {
    const scene = stage();
    return { scene, calls: new EntryCalls(scene.api) };
  };

  describe('entries', () => {
    it('[KV1, KV2] keep any bytes as keys and values, with their numbers', async () => {
      const { scene } = begin();
      const key = EVERY_BYTE.repeat(ENTRY_KEY_MAX_BYTES / 256);
      const value = EVERY_BYTE.repeat(ENTRY_VALUE_MAX_BYTES / 256);
      const answer = await scene.api.putEntry(OWNER, { key, value, contentType: 'image/png', precondition: {} });
      expect(answer).toMatchObject({ created: true, cursor: await scene.cursor() });
      const numbers = { createdRevision: 1, revision: 1, version: 1, bytes: value.length, contentType: 'image/png' };
      expect(bodyOf(answer)).toMatchObject(numbers);
      const found = bodyOf(await scene.api.readEntry({ key }));
      expect(found).toMatchObject(numbers);
      expect(keyIn(found) === key && valueIn(found) === value).toBe(true);
    });

    it('[KV1, R14] refuse a key or a value of one byte more, and change nothing', async () => {
      const { scene } = begin();
      const cursor = await scene.cursor();
      const put = (key: string, value: string) => scene.api.putEntry(OWNER, { key, value, precondition: {} });
      await expect(put('a', 'x'.repeat(ENTRY_VALUE_MAX_BYTES + 1))).rejects.toEqual(refusal('PAYLOAD_TOO_LARGE'));
      await expect(put('k'.repeat(ENTRY_KEY_MAX_BYTES + 1), '')).rejects.toEqual(refusal('INVALID_REQUEST'));
      await expect(put('', '')).rejects.toEqual(refusal('INVALID_REQUEST'));
      expect(await scene.cursor()).toBe(cursor);
    });

    it('[KV2] count versions from their creation', async () => {
      const { calls } = begin();
      await calls.put('a', 'first');
      await calls.put('a', 'second');
      expect(await calls.read('a')).toMatchObject({ createdRevision: 1, revision: 2, version: 2, value: 'second' });
      await calls.delete('a');
      await expect(calls.read('a')).rejects.toEqual(refusal('ENTRY_NOT_FOUND'));
      await calls.put('a', '');
      expect(await calls.read('a')).toMatchObject({ createdRevision: 4, revision: 4, version: 1, value: '' });
    });

    it('[KV3, Q4] are put and deleted under a condition', async () => {
      const { scene, calls } = begin();
      await calls.put('a', 'first', { absent: true });
      const cursor = await calls.put('a', 'second', { revision: 1 });
      for (const precondition of [{ absent: true }, { revision: 1 }]) {
        await expect(calls.put('a', 'third', precondition)).rejects.toEqual(refusal('REVISION_MISMATCH'));
        await expect(calls.delete('a', precondition)).rejects.toEqual(refusal('REVISION_MISMATCH'));
      }
      await expect(calls.put('b', '', { absent: false })).rejects.toEqual(refusal('REVISION_MISMATCH'));
      expect(await scene.cursor()).toBe(cursor);
      expect(await calls.delete('a', { revision: 2 })).not.toBe(cursor);
    });

    it('[KV4] are listed in the order of their bytes, by prefix and interval', async () => {
      const { scene } = begin();
      for (const key of HARD_KEYS.toReversed()) await scene.api.putEntry(OWNER, { key, value: key, precondition: {} });
      const listed = async (command: object) => {
        const range = bodyOf(await scene.api.rangeEntries({ interval: ALL, ...command }));
        expect(range.count).toBeGreaterThanOrEqual(range.entries.length);
        return range.entries.map(keyIn);
      };
      expect(await listed({})).toEqual(HARD_KEYS);
      expect(await listed({ descending: true })).toEqual(HARD_KEYS.toReversed());
      expect(await listed({ order: 'createdRevision', limit: 2 })).toEqual(['\u00ff\u00ff', '\u00c3']);
      for (const prefix of ['', '\u0000', 'a', '\u00ff', 'none']) {
        const expected = HARD_KEYS.filter((key) => key.startsWith(prefix));
        expect(await listed({ interval: intervalOfPrefix(prefix) }), prefix).toEqual(expected);
      }
      expect(await listed({ interval: { from: '..', to: 'a\u0000' } })).toEqual(['..', '../a', 'a']);
      expect(bodyOf(await scene.api.rangeEntries({ interval: ALL, countOnly: true })).count).toBe(HARD_KEYS.length);
    });

    it('[KV5, KV6, J6] are read as they were, also once they are deleted', async () => {
      const { calls } = begin();
      await calls.put('a', 'first');
      const cursor = await calls.put('b', 'other');
      await calls.put('a', 'second');
      await calls.delete('b');
      expect((await calls.range({ at: cursor })).entries).toMatchObject([
        { key: 'a', value: 'first', revision: 1 },
        { key: 'b', value: 'other', revision: 2 },
      ]);
      expect(await calls.read('b', cursor)).toMatchObject({ value: 'other' });
      const { changes } = await calls.history('b');
      expect(changes.map(({ cause, before, after }) => [cause, before?.value, after?.value])).toEqual([
        ['deleted', 'other', undefined],
        ['put', undefined, 'other'],
      ]);
    });

    it('[C1, I4] share the revisions of instances', async () => {
      const { scene, calls } = begin();
      await scene.register('a');
      await calls.put('a', '');
      await scene.register('b');
      expect((await calls.read('a'))?.revision).toBe(2);
      expect((await scene.read('b')).revision).toBe(3);
    });

    it('[C2, I4] of many callers are put one after the other', async () => {
      const { calls } = begin();
      const puts = Array.from({ length: 50 }, (_, index) => calls.put('a', String(index)));
      const refused = Array.from({ length: 10 }, () => calls.put('lock', '', { absent: true }).catch(() => 'refused'));
      await Promise.all(puts);
      expect((await Promise.all(refused)).filter((outcome) => outcome === 'refused')).toHaveLength(9);
      expect(await calls.read('a')).toMatchObject({ version: 50, createdRevision: 1 });
    });

    where(capabilities.restarts, () => {
      it('[KV9, I1, S2] are the same after a restart', async () => {
        const { scene, calls } = begin();
        for (const key of HARD_KEYS) await scene.api.putEntry(OWNER, { key, value: key, precondition: {} });
        await calls.put('deleted', 'was here');
        const cursor = await calls.put('a', 'changed');
        await calls.delete('deleted');
        const everything = async () => [
          await calls.range(),
          await calls.range({ at: cursor }),
          await calls.history('deleted'),
          await calls.history('a'),
        ];
        const before = await everything();
        await scene.restart();
        expect(await everything()).toEqual(before);
        await calls.put('deleted', 'again');
        expect((await calls.history('deleted')).changes).toHaveLength(3);
      });
    });

    where(capabilities.remembers, () => {
      it('[KV7, I8] write two rows for a change, and none for a read', async () => {
        const { scene, calls } = begin();
        // The second change arms the alarm, to compact the journal one day.
        await calls.put('first', '');
        await calls.put('first', '');
        const written = async (work: () => Promise<unknown>): Promise<number> => {
          const before = await scene.stats();
          await work();
          const after = await scene.stats();
          return after.sinceStart.rowsWritten - before.sinceStart.rowsWritten;
        };
        expect(await written(() => calls.put('a', 'first'))).toBe(2);
        expect(await written(() => calls.put('a', 'x'.repeat(100_000)))).toBe(2);
        expect(await written(() => Promise.all([calls.read('a'), calls.range(), calls.history('a')]))).toBe(0);
        expect(await written(() => calls.delete('a'))).toBe(2);
        expect(await written(() => calls.delete('a'))).toBe(0);
        expect((await scene.stats()).entries).toMatchObject({ count: 1, keyBytes: 5, valueBytes: 0 });
      });
    });
  });
}
