import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { candidatesOf } from './endpoints';

const found = (awake: AwakeNamespace) => candidatesOf(awake.state.catalog.serviceFor(ORDERS));

describe('candidatesOf', () => {
  it('[V1, V2] are those that take traffic but for their health, by id', () => {
    const awake = new AwakeNamespace();
    awake.put('b', { tags: ['x'] });
    awake.put('a', {}, { healthy: false });
    awake.put('weightless', { weight: 0 });
    awake.put('down', { status: 'down' });
    awake.put('draining', {}, { drainEndsAt: 1e15 });
    awake.put('disabled quarantined');
    awake.override('disabled', { enabled: false });
    awake.override('quarantined', { quarantine: {} });
    expect(found(awake).map(({ endpoint, healthy, tags }) => [endpoint.id, healthy, tags])).toEqual([
      ['a', false, []],
      ['b', true, ['x']],
    ]);
  });

  it('[O1] are as the operator wants them', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { status: 'starting', metadata: { a: '1', b: '1' } });
    awake.override('a', { status: 'up', weight: 9, metadata: { b: '2' } });
    expect(found(awake)).toMatchObject([{ endpoint: { weight: 9, metadata: { a: '1', b: '2' } } }]);
  });

  it('[V4] are where they say they are, else where they registered from', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { location: { zone: 'eu-1' } }, { place: { zone: 'us-1' } });
    awake.put('b', {}, { place: { zone: 'us-1', latitude: 1, longitude: 2 } });
    awake.put('c');
    expect(found(awake).map(({ endpoint, place }) => [endpoint.zone, place])).toEqual([
      ['eu-1', { zone: 'eu-1' }],
      ['us-1', { zone: 'us-1', latitude: 1, longitude: 2 }],
      [undefined, undefined],
    ]);
  });
});
