import { describe, expect, it } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { heldEntry, instanceAt, shownInstance, shownText } from '../../test/fixtures/layout-entries';
import { goKit } from './go-kit';

const PREFIX = '/services/addsvc/';
const read = (key: string, value = '10.0.0.5:8080', prefix = PREFIX) => goKit.read(heldEntry(key, value), prefix);

describe('reading', () => {
  it('[LO13] reads an entry as a registrar puts it', () => {
    expect(read('/services/addsvc/10.0.0.5:8080')).toEqual({
      group: 'DEFAULT_GROUP',
      service: 'addsvc',
      id: '10.0.0.5:8080',
      definition: { address: '10.0.0.5', port: 8080 },
    });
  });

  it('[LO13] takes the service from the prefix, and the id from the rest of the key', () =>
    eachRow(
      [
        ['/services/addsvc/a/b', PREFIX, ['addsvc', 'a/b']],
        ['/services/addsvc/a', '/services/addsvc', ['addsvc', 'a']],
        ['/services/addsvc', '/services/addsvc', ['addsvc', '10.0.0.5:8080']],
        ['/services/addsvc/', PREFIX, ['addsvc', '10.0.0.5:8080']],
        ['/services/eu@@addsvc/a', '/services/eu@@addsvc/', ['addsvc', 'a']],
      ],
      (key, prefix, names) => {
        const found = read(key, undefined, prefix);
        expect([found?.service, found?.id]).toEqual(names);
      },
    ));

  it('[LO13] does not take a similar name for the same service', () => {
    expect(read('/services/addsvc2/a', undefined, '/services/addsvc')).toBeUndefined();
    for (const prefix of ['', '/', '//']) expect(read('/services/addsvc/a', undefined, prefix)).toBeUndefined();
  });

  it('[LO13] reads urls, also as address and port', () =>
    eachRow(
      [
        ['http://10.0.0.5:8080', { address: '10.0.0.5', port: 8080 }],
        ['https://orders.example/api', { address: 'orders.example', port: 443 }],
        ['http://[::1]', { address: '::1', port: 80 }],
        ['nats://10.0.0.5', {}],
      ],
      (url, place) => expect(read('/services/addsvc/a', url)?.definition).toEqual({ url, ...place }),
    ));
});

describe('showing', () => {
  it('[LO13] shows the instances of the service that the prefix names, and no others', () => {
    const addsvc = shownInstance({ service: 'addsvc', id: 'http://a' });
    expect(shownText(goKit, addsvc, PREFIX)).toEqual(['/services/addsvc/http://a', '10.0.0.5:8080']);
    expect(shownText(goKit, addsvc, '/services/addsvc')).toEqual(['/services/addsvc/http://a', '10.0.0.5:8080']);
    expect(shownText(goKit, { ...addsvc, group: 'eu' }, PREFIX)).toBeUndefined();
    expect(shownText(goKit, { ...addsvc, group: 'eu' }, '/services/eu@@addsvc/')?.[1]).toBe('10.0.0.5:8080');
    expect(shownText(goKit, shownInstance(), PREFIX)).toBeUndefined();
    expect(shownText(goKit, addsvc, '/')).toBeUndefined();
  });

  it('[LO13] shows a url if there is no address', () => {
    const url = 'https://orders.example/api';
    expect(shownText(goKit, instanceAt(url, { service: 'addsvc' }), PREFIX)?.[1]).toBe(url);
  });
});
