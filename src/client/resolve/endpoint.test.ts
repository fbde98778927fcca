import { describe, expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { urlOf } from './endpoint';

describe('urlOf', () => {
  it.each([
    [{}, 'http://10.0.0.7:8080'],
    [{ address: 'fd00::7' }, 'http://[fd00::7]:8080'],
    [{ address: 'orders.internal', port: 80 }, 'http://orders.internal:80'],
    [{ url: 'https://orders.example/api/' }, 'https://orders.example/api'],
    [{ port: undefined }, undefined],
    [{ address: undefined }, undefined],
  ])('[B2] of %j is %s', (more, url) => {
    expect(urlOf(clientInstance('a', more))).toBe(url);
  });

  it('[B2] uses the port with the given name', () => {
    const ports = { admin: { port: 9090, secure: true }, plain: { port: 9091, secure: false } };
    const instance = clientInstance('a', { ports, url: 'https://orders.example' });
    expect(urlOf(instance, 'admin')).toBe('https://10.0.0.7:9090');
    expect(urlOf(instance, 'plain')).toBe('http://10.0.0.7:9091');
    expect(urlOf(instance, 'grpc')).toBeUndefined();
    expect(urlOf(clientInstance('a', { ports, address: undefined }), 'admin')).toBeUndefined();
  });
});
