import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OWNER } from '../../../../test/fixtures/callers';
import { definition, key } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { patch } from './patch';

describe('patch', () => {
  it('[R8] changes the members that it names, and doesn’t renew the lease', () => {
    const awake = new AwakeNamespace();
    const before = { weight: 2, tags: ['x'], metadata: { a: '1', b: '2' }, node: 'host-1' };
    awake.put('a', before, { changes: 3, drainEndsAt: 7 });
    const draft = awake.draft();
    expect(patch(draft, OWNER, key('a'), { metadata: { a: null, c: '3' }, status: 'down' }, {})).toBe('changed');
    expect([...draft.changes]).toMatchObject([
      {
        cause: 'updated',
        renewed: false,
        record: {
          ...instanceRecord({ ...before, metadata: { b: '2', c: '3' }, status: 'down' }),
          changes: 4,
          drainEndsAt: 7,
        },
      },
    ]);
  });

  it('[R8] accepts each member alone', () => {
    for (const changes of [
      { weight: 0 },
      { tags: [] },
      { metadata: { a: null } },
      { status: 'out-of-service' as const },
    ]) {
      const awake = new AwakeNamespace();
      awake.put('a', { tags: ['x'], metadata: { a: '1' } });
      const draft = awake.draft();
      expect(patch(draft, OWNER, key('a'), changes, {}), JSON.stringify(changes)).toBe('changed');
      expect(draft.instance(key('a'))?.record.definition, JSON.stringify(changes)).not.toEqual(
        definition({ tags: ['x'], metadata: { a: '1' } }),
      );
    }
  });

  it('[R8] with a lease makes the instance ephemeral, in its record and in its text', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false, lease: null });
    const draft = awake.draft();
    const lease = { ttlMs: 30_000, removeAfterMs: 30_000, intervalMs: 10_000 };
    expect(patch(draft, OWNER, key('a'), { lease }, {})).toBe('changed');
    expect(draft.instance(key('a'))?.record.definition).toMatchObject({ ephemeral: true, lease });
  });

  it('[R8] with an extension replaces that of one dialect alone, and renews the lease', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { extensions: { consul: { id: 'x' }, eureka: { app: 'A' } } }, { changes: 3, healthy: false });
    const draft = awake.draft();
    const extension = { name: 'consul', value: { id: 'y', output: 'ok' } };
    expect(patch(draft, OWNER, key('a'), { extension, status: 'down' }, {})).toBe('changed');
    expect([...draft.changes]).toMatchObject([
      {
        cause: 'updated',
        renewed: true,
        record: {
          definition: { status: 'down', extensions: { consul: extension.value, eureka: { app: 'A' } } },
          healthy: true,
          changes: 4,
        },
      },
    ]);
    const later = awake.draft();
    patch(later, OWNER, key('a'), { extension: { name: 'consul', value: undefined }, renew: false }, {});
    expect([...later.changes]).toMatchObject([{ renewed: false, record: { healthy: false } }]);
    expect(later.instance(key('a'))?.record.definition.extensions).toEqual({ eureka: { app: 'A' } });
  });

  it('[R2] with the same extension only renews the lease', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { extensions: { consul: { id: 'x' } } });
    const draft = awake.draft();
    expect(patch(draft, OWNER, key('a'), { extension: { name: 'consul', value: { id: 'x' } } }, {})).toBe('unchanged');
    expect(draft.isEmpty).toBe(true);
    expect([...draft.renewed].map(({ id }) => id)).toEqual(['a']);
  });

  it('[R14] refuses an extension over the limits of a registration', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { extensions: { eureka: 'x'.repeat(8_000) } });
    const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`);
    for (const value of ['x'.repeat(200), deep]) {
      const refused = () => patch(awake.draft(), OWNER, key('a'), { extension: { name: 'consul', value } }, {});
      const details = { errors: [{ path: 'extensions', message: expect.any(String) }] };
      expect(refused).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', details }));
    }
  });

  it('[R2] without a difference changes nothing', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { metadata: { a: '1' } });
    const draft = awake.draft();
    expect(patch(draft, OWNER, key('a'), { metadata: { a: '1', z: null }, weight: 1 }, {})).toBe('unchanged');
    expect(draft.isEmpty).toBe(true);
  });

  it('[R14] names the member that would exceed its limit', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { metadata: { a: 'x'.repeat(8_000) } });
    const refused = () => patch(awake.draft(), OWNER, key('a'), { metadata: { b: 'x'.repeat(200) } }, {});
    const details = { errors: [{ path: 'metadata', message: expect.stringContaining('8202 bytes') }] };
    expect(refused).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', details }));
  });

  it('[Q4] checks its precondition before it looks for the instance', () => {
    const draft = new AwakeNamespace().draft();
    const patched = (precondition: object) => () => patch(draft, OWNER, key('a'), { weight: 2 }, precondition);
    expect(patched({})).toThrow(expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }));
    expect(patched({ revision: 1 })).toThrow(expect.objectContaining({ code: 'REVISION_MISMATCH' }));
  });
});
