import { describe, expect, it } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { heldEntry, instanceAt, LEASE, readAgain, shownInstance, shownText } from '../../test/fixtures/layout-entries';
import { goZero } from './go-zero';

const read = (key: string, value = '10.0.0.5:8080', prefix = '') => goZero.read(heldEntry(key, value), prefix);

describe('reading', () => {
  it('[LO11] reads an entry as a publisher puts it', () => {
    expect(read(`user.rpc/${LEASE}`)).toEqual({
      group: 'DEFAULT_GROUP',
      service: 'user.rpc',
      id: LEASE,
      definition: { address: '10.0.0.5', port: 8080 },
    });
  });

  it('[LO11] takes the service from the key, below a prefix without it', () =>
    eachRow(
      [
        [`user.rpc/${LEASE}`, '', ['DEFAULT_GROUP', 'user.rpc', LEASE]],
        ['user.rpc/17', '', ['DEFAULT_GROUP', 'user.rpc', '17']],
        ['shop/user.rpc/17', '', ['DEFAULT_GROUP', 'shop/user.rpc', '17']],
        ['shop/user.rpc/17', 'shop/', ['DEFAULT_GROUP', 'user.rpc', '17']],
        ['eu@@user.rpc/17', '', ['eu', 'user.rpc', '17']],
        ['dienst-ä/17', '', ['DEFAULT_GROUP', 'dienst-ä', '17']],
        ['shop/user.rpc/5', 'shop/', ['DEFAULT_GROUP', 'user.rpc', '5']],
        ['user.rpc/5', 'user.rpc/', ['DEFAULT_GROUP', 'user.rpc', '5']],
        ['user.rpc/5', 'user.rpc', ['DEFAULT_GROUP', 'user.rpc', '5']],
      ],
      (key, prefix, names) => {
        const found = read(key, undefined, prefix);
        expect([found?.group, found?.service, found?.id]).toEqual(names);
      },
    ));

  it('[LO11] leaves any other key alone', () => {
    for (const key of ['user.rpc/5', 'user.rpc/a', '17', '/17', 'user.rpc17', `user.rpc/${LEASE}/a`, 'user.rpc/017'])
      expect(read(key), key).toBeUndefined();
    for (const key of ['shop/user.rpc/0', 'shop/user.rpc/-5', 'shop/user.rpc/a', 'shop/user.rpc/05', 'shop/5x'])
      expect(read(key, undefined, 'shop/'), key).toBeUndefined();
    expect(goZero.read({ ...heldEntry('a', '10.0.0.5:80'), key: '\u00ff/17' }, '')).toBeUndefined();
  });

  it('[LO11] reads IPv6 in brackets and host names', () => {
    expect(read('a/17', '[2001:db8::7]:80')?.definition).toEqual({ address: '2001:db8::7', port: 80 });
    expect(read('a/17', 'orders-1.internal:80')?.definition).toEqual({ address: 'orders-1.internal', port: 80 });
  });
});

describe('showing', () => {
  it('[LO11] shows address and port below the service', () =>
    eachRow(
      [
        [{}, ['orders/a', '10.0.0.5:8080']],
        [{ address: '2001:db8::7' }, ['orders/a', '[2001:db8::7]:8080']],
        [{ group: 'eu' }, ['eu@@orders/a', '10.0.0.5:8080']],
        [{ id: 'http://a%b' }, ['orders/http:%2F%2Fa%25b', '10.0.0.5:8080']],
        [{ service: 'größe' }, ['größe/a', '10.0.0.5:8080']],
      ],
      (more, entry) => expect(shownText(goZero, shownInstance(more), '')).toEqual(entry),
    ));

  it('[LO11] can’t show an instance that has only a url', () => {
    expect(shownText(goZero, instanceAt('https://orders.example'), '')).toBeUndefined();
  });

  it('[LO11] reads the same instance from what it shows', () => {
    const instance = shownInstance({ group: 'eu', service: 'a/b', id: '42', address: '::1' });
    expect(readAgain(goZero, instance, 'shop/')).toEqual({
      ...{ group: 'eu', service: 'a/b', id: '42' },
      definition: { address: '::1', port: 8080 },
    });
  });
});
