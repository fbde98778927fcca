import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { settle } from '../../../../test/simulation/virtual-time';
import { DOCUMENTS_PER_SERVICE_MAX_COUNT, RECORDS_PER_NAMESPACE_MAX_BYTES } from '../../../model/limits';
import { readDocumentRows, writeDocumentRow } from './document-row';

/** A document of an id that is made of a digit. */
const document = (digit: number, text = `text ${digit}`) => ({ id: `${digit}`.padStart(64, '0'), text });

const holding = (digit: number) => instanceRecord({}, { document: document(digit).id });

const idsOnDisk = ({ platform }: AwakeNamespace) => [...readDocumentRows(platform.storage)].map(({ id }) => Number(id));

/** Registers instances that share a document, as the first of them brings it. */
function register(awake: AwakeNamespace, ids: string, digit: number): void {
  for (const id of ids.split(' ')) {
    awake.commit((draft) => {
      draft.putDocument(ORDERS, document(digit));
      draft.putInstance(key(id), holding(digit), 'registered', true);
    });
  }
}

describe('documents that instances share', () => {
  it('[X11] are one row and one text in memory, and go with the last instance that names them', async () => {
    const awake = new AwakeNamespace();
    const { catalog } = awake.state;
    register(awake, 'a b', 1);
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
    expect(catalog.service(ORDERS)?.documents.get(document(1).id)).toMatchObject({ text: 'text 1', holders: 2 });
    awake.remove('a');
    register(awake, 'b', 2);
    await settle();
    expect(idsOnDisk(awake)).toEqual([2]);
    awake.remove('b');
    await settle();
    expect([idsOnDisk(awake), catalog.size]).toEqual([[], 0]);
  });

  it('[X11] stay where one revision takes them from one instance to another', async () => {
    const awake = new AwakeNamespace();
    register(awake, 'a', 1);
    awake.commit((draft) => {
      draft.removeInstance(key('a'), 'deregistered');
      draft.putDocument(ORDERS, document(1));
      draft.putInstance(key('b'), holding(1), 'registered', true);
    });
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
  });

  it('[X11] stay where only other things of their instance change', async () => {
    const awake = new AwakeNamespace();
    register(awake, 'a', 1);
    const unhealthy = instanceRecord({}, { document: document(1).id, healthy: false });
    awake.commit((draft) => draft.putInstance(key('a'), unhealthy, 'unhealthy', false));
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
  });

  it('[X11] that no instance names after a wake go with the next change', async () => {
    const first = new AwakeNamespace();
    register(first, 'a', 1);
    await settle();
    writeDocumentRow(first.platform.storage, ORDERS, document(2));
    writeDocumentRow(first.platform.storage, { ...ORDERS, service: 'gone' }, document(3));
    const awake = new AwakeNamespace(first.platform);
    expect(awake.state.catalog.service(ORDERS)?.documents.get(document(1).id)?.holders).toBe(1);
    awake.put('b');
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
  });

  it('[X11] are at most so many of a service, the new ones of a revision among them', () => {
    const awake = new AwakeNamespace();
    const put = (from: number, to: number) =>
      awake.commit((draft) => {
        for (let digit = from; digit < to; digit++) {
          draft.putDocument(ORDERS, document(digit));
          draft.putInstance(key(`${digit}`), holding(digit), 'registered', true);
        }
      });
    put(0, 2);
    const tooMany = expect.objectContaining({ code: 'LIMIT_EXCEEDED' });
    expect(() => put(2, DOCUMENTS_PER_SERVICE_MAX_COUNT + 1)).toThrow(tooMany);
    put(0, DOCUMENTS_PER_SERVICE_MAX_COUNT);
    expect(() => put(64, 65)).toThrow(tooMany);
  });

  it('[X11] count towards what a namespace holds', () => {
    const awake = new AwakeNamespace();
    const { catalog, journal } = awake.state;
    const large = 'x'.repeat(RECORDS_PER_NAMESPACE_MAX_BYTES - 1_000);
    const put = (text: string) =>
      awake.commit((draft) => {
        draft.putDocument(ORDERS, document(1, text));
        draft.putInstance(key('a'), holding(1), 'registered', true);
      });
    expect(() => put(`${large}${'x'.repeat(1_000)}`)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    expect([journal.revision, catalog.size]).toEqual([0, 0]);
    put(large);
    expect(catalog.size).toBeGreaterThan(large.length);
  });
});
