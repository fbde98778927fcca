import { describe, expect, it } from 'vitest';
import { readCheck } from './check';
import { differs, storedOutput, withResult } from './check-result';
import { type Kept, type KeptNodeCheck, keptBy, nodesRecordIn, writeKept, writeNodesRecord } from './kept';
import { newCheck } from './registration';

const definition = { ...readCheck({ HTTP: 'http://a', Interval: '5s', Header: { a: ['b'] } }) };
const CHECK = { ...newCheck({ ...definition, id: 'c', name: 'n' }), definition, notes: 'x', output: 'o', at: 5 };
const KEPT: Kept = {
  ...{ id: 'web-1', node: 'n', address: '', tags: ['a', 'a'], maintenance: 'why', runner: 'gw', kind: 'connect-proxy' },
  ...{ taggedAddresses: { lan: { address: '10.0.0.1', port: 1 } }, weights: { passing: 2, warning: 1 } },
  ...{ enableTagOverride: true, socketPath: '/s', proxy: { a: 1 }, connect: {}, locality: { Region: 'r' } },
  checks: [CHECK],
};
const through = (value: unknown) => ({ extensions: { consul: JSON.parse(JSON.stringify(value)) } });

describe('the extension of an instance', () => {
  it('is read as it was written, without members that have their default', () => {
    expect(keptBy(through(writeKept(KEPT)))).toEqual(KEPT);
    const plain = { id: 'a', node: 'n', checks: [] };
    expect(writeKept({ ...plain, tags: undefined })).toEqual({ id: 'a', node: 'n' });
    expect(keptBy(through(writeKept(plain)))).toMatchObject(plain);
    const written = writeKept(KEPT) as { checks: { definition: object }[] };
    expect(Object.keys(written.checks[0]?.definition ?? {}).sort()).toEqual(['header', 'http', 'interval', 'kind']);
  });

  it.each<[unknown]>([[undefined], ['text'], [[]], [{ id: 'a' }], [{ id: 1, node: 'n' }]])(
    '%j is no extension of this API',
    (value) => {
      expect(keptBy({ extensions: { consul: value } })).toBeUndefined();
    },
  );

  it('that another client wrote has only members of the right type', () => {
    const wild = {
      ...{ id: 'a', node: 'n', address: 1, tags: [1], taggedAddresses: { x: 1, y: { address: 'a', port: 'b' } } },
      ...{ weights: {}, enableTagOverride: 'yes', kind: 1, socketPath: [], maintenance: {}, runner: 5 },
      checks: [
        null,
        {},
        { id: 'c', status: 'odd', at: 'now', output: 1, definition: { kind: 'ttl', ttl: 'x', header: [] } },
      ],
    };
    expect(keptBy({ extensions: { consul: wild } })).toEqual({
      ...{ id: 'a', node: 'n', taggedAddresses: {} },
      checks: [
        {
          ...{ id: 'c', name: '', notes: '', status: 'critical', output: '', at: 0 },
          definition: expect.objectContaining({ kind: 'ttl', ttl: 0, header: {} }),
        },
      ],
    });
  });
});

describe('a record of a node', () => {
  it('is read as it was written', () => {
    const node = { name: 'N', id: 'i', address: 'a', taggedAddresses: { lan: 'a' }, meta: { k: 'v' }, maintenance: '' };
    expect(nodesRecordIn(through(writeNodesRecord({ node })))).toEqual({ node });
    const nodeCheck: KeptNodeCheck = { node: 'N', serviceId: 's', serviceName: 'w', runner: undefined, check: CHECK };
    expect(nodesRecordIn(through(writeNodesRecord({ nodeCheck })))).toEqual({ nodeCheck });
    for (const value of [
      undefined,
      {},
      { node: {} },
      { nodeCheck: { node: 'n' } },
      { nodeCheck: { check: { id: 'c' } } },
    ]) {
      expect(nodesRecordIn({ extensions: { consul: value } })).toBeUndefined();
    }
  });
});

describe('a result', () => {
  it('differs by its status, and by its output only after a while', () => {
    const check = { status: 'passing', output: 'a', at: 1_000 } as const;
    const later = 1_000 + 5 * 60_000;
    expect(differs(check, { status: 'passing', output: 'b' }, later - 1)).toBe(false);
    expect(differs(check, { status: 'passing', output: 'b' }, later)).toBe(true);
    expect(differs(check, { status: 'passing', output: 'a' }, later)).toBe(false);
    expect(differs(check, { status: 'warning', output: 'a' }, 1_001)).toBe(true);
    expect(differs({ ...check, at: 0 }, { status: 'passing', output: 'a' }, 1_001)).toBe(false);
    expect(differs({ ...check, status: 'critical', at: 0 }, { status: 'critical', output: 'a' }, 1_001)).toBe(true);
    expect(withResult(CHECK, { status: 'warning', output: 'w' }, 9)).toEqual({
      ...CHECK,
      ...{ status: 'warning', output: 'w', at: 9 },
    });
  });

  it('has an output of at most 512 bytes, cut between characters', () => {
    expect(storedOutput('x'.repeat(512))).toBe('x'.repeat(512));
    expect(storedOutput(`x${'ö'.repeat(300)}`)).toBe(`x${'ö'.repeat(255)} ... (captured 512 of 601 bytes)`);
    expect(storedOutput('\ud800')).toBe('\ufffd');
  });
});
