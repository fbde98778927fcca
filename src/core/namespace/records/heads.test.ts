import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { settle } from '../../../../test/simulation/virtual-time';
import { headName, headRevision } from './heads';

const INSTANCE = { kind: 'instance', ...key('a') } as const;

describe('headRevision', () => {
  it('[J1] is that of the removal, on its way to the disk and once it is there', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.remove('a');
    const service = awake.state.catalog.service(ORDERS);
    const revision = () => headRevision(awake.platform.storage, INSTANCE, service);
    expect(service?.unwrittenHeads.size).toBe(1);
    expect(revision()).toBe(3);
    await settle();
    expect(service?.unwrittenHeads.size).toBe(0);
    expect(revision()).toBe(3);
  });

  it('is that of the newest of two removals, though only the first is on the disk', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.remove('a');
    await settle();
    awake.put('a');
    awake.remove('a');
    expect(headRevision(awake.platform.storage, INSTANCE, awake.state.catalog.service(ORDERS))).toBe(5);
  });

  it('is 0 for what never was, and asks no disk where nothing was ever removed', () => {
    const awake = new AwakeNamespace();
    awake.put('b');
    const read = () => expect.fail('the disk was asked');
    const asked = { read, run: () => 0, transaction: () => {}, sync: async () => {} };
    expect(headRevision(asked, INSTANCE, awake.state.catalog.service(ORDERS))).toBe(0);
    expect(headRevision(asked, INSTANCE, undefined)).toBe(0);
  });
});

it('headName tells an instance from its override', () => {
  expect(headName({ kind: 'instance', id: 'a' })).not.toBe(headName({ kind: 'override', id: 'a' }));
});
