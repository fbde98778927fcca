import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR } from '../../../../test/fixtures/callers';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { patchService, putService, removeService } from './service';

const DEFINITION = { metadata: { a: '1' }, protectThreshold: 0.5 };

function begin() {
  const awake = new AwakeNamespace();
  awake.commit((draft) => putService(draft, OPERATOR, ORDERS, DEFINITION, {}));
  return { awake, draft: awake.draft() };
}

describe('putService', () => {
  it('[R12] creates a record of the service’s own settings', () => {
    const draft = new AwakeNamespace().draft();
    expect(putService(draft, OPERATOR, ORDERS, DEFINITION, {})).toBe('created');
    expect([...draft.changes]).toMatchObject([
      { kind: 'service', id: '', cause: 'registered', record: { definition: DEFINITION, createdRevision: 1 } },
    ]);
  });

  it('[R2] with the same content changes nothing, and with other content keeps the time of creation', () => {
    const { awake, draft } = begin();
    awake.put('a');
    expect(putService(draft, OPERATOR, ORDERS, DEFINITION, {})).toBe('unchanged');
    expect(draft.isEmpty).toBe(true);
    expect(putService(draft, OPERATOR, ORDERS, { metadata: {}, protectThreshold: 0 }, {})).toBe('changed');
    expect([...draft.changes]).toMatchObject([{ cause: 'updated', record: { createdRevision: 1 } }]);
  });

  it('[Q4] checks its precondition', () => {
    const { draft } = begin();
    expect(() => putService(draft, OPERATOR, ORDERS, DEFINITION, { absent: true })).toThrow(
      expect.objectContaining({ code: 'REVISION_MISMATCH' }),
    );
  });
});

describe('patchService', () => {
  it('[R8] changes the members that it names', () => {
    const { draft } = begin();
    const selector = { type: 'label', expression: 'x' };
    expect(patchService(draft, OPERATOR, ORDERS, true, { metadata: { b: '2' }, selector }, {})).toBe('changed');
    expect(draft.service(ORDERS)?.record.definition).toEqual({
      metadata: { a: '1', b: '2' },
      protectThreshold: 0.5,
      selector,
    });
    patchService(draft, OPERATOR, ORDERS, true, { selector: null, metadata: { a: null } }, {});
    expect(draft.service(ORDERS)?.record.definition).toEqual({ metadata: { b: '2' }, protectThreshold: 0.5 });
  });

  it('[R14] refuses metadata over the limit', () => {
    const { draft } = begin();
    const metadata = { b: 'x'.repeat(8 * 1024) };
    expect(() => patchService(draft, OPERATOR, ORDERS, true, { metadata }, {})).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });

  it('[R12] adds settings to an existing service, and requires one', () => {
    const draft = new AwakeNamespace().draft();
    expect(() => patchService(draft, OPERATOR, ORDERS, false, { protectThreshold: 1 }, {})).toThrow(
      expect.objectContaining({ code: 'SERVICE_NOT_FOUND' }),
    );
    expect(patchService(draft, OPERATOR, ORDERS, true, { protectThreshold: 1 }, {})).toBe('created');
  });
});

describe('removeService', () => {
  it('[R13] refuses while there are instances, with their number', () => {
    const { awake } = begin();
    awake.put('a b');
    const draft = awake.draft();
    const refused = () => removeService(draft, OPERATOR, ORDERS, ['a', 'b'], false, {});
    expect(refused).toThrow(
      expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining('still has instances (2)') }),
    );
    expect(draft.isEmpty).toBe(true);
  });

  it('[R13] by force also removes them', () => {
    const { awake } = begin();
    awake.put('a b');
    const draft = awake.draft();
    removeService(draft, OPERATOR, ORDERS, ['a', 'b'], true, {});
    expect([...draft.changes].map(({ kind, id, cause, record }) => [kind, id, cause, record])).toEqual([
      ['instance', 'a', 'deregistered', null],
      ['instance', 'b', 'deregistered', null],
      ['service', '', 'deregistered', null],
    ]);
    expect(draft.instance(key('a'))).toBeUndefined();
  });

  it('succeeds if there is no such service, unless a precondition requires one', () => {
    const draft = new AwakeNamespace().draft();
    removeService(draft, OPERATOR, ORDERS, [], false, {});
    expect(draft.isEmpty).toBe(true);
    expect(() => removeService(draft, OPERATOR, ORDERS, [], false, { revision: 1 })).toThrow(
      expect.objectContaining({ code: 'REVISION_MISMATCH' }),
    );
  });
});
