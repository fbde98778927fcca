import { describe, expect, it } from 'vitest';
import { domainProblem, namespaceOfHost } from './namespace-host';

const named = (host: string, path = '/eureka/apps') => namespaceOfHost('registry.example.com')(`http://${host}${path}`);

describe('namespaceOfHost', () => {
  it.each([
    ['orders.registry.example.com', 'orders'],
    ['orders.registry.example.com:8787', 'orders'],
    ['orders.registry.example.com:', 'orders'],
    ['orders.registry.example.com.', 'orders'],
    ['orders.registry.example.com.:443', 'orders'],
    ['Orders.REGISTRY.Example.com', 'orders'],
    ['my_team-1.registry.example.com', 'my_team-1'],
  ])('[X2] %s names %s', (host, namespace) => expect(named(host)).toBe(namespace));

  it.each([
    ['a.b.registry.example.com', 'a.b'],
    ['user@orders.registry.example.com', 'user@orders'],
    ['%6Frders.registry.example.com', '%6frders'],
  ])('[X2] takes what %s has before the domain as it is, for whoever uses it to refuse', (host, namespace) =>
    expect(named(host)).toBe(namespace),
  );

  it.each([
    'registry.example.com',
    'registry.example.com:8787',
    '.registry.example.com',
    'ordersregistry.example.com',
    'orders.registry.example.org',
    'orders.registry.example.com.evil.test',
    'orders.registry.example.com:80:80x',
    'orders.registry.example.com..',
    '127.0.0.1:8787',
    '[::1]:8787',
    '[::ffff:10.0.0.1]',
    '[orders.registry.example.com]',
    'localhost',
    '',
  ])('[X2] %j names none', (host) => expect(named(host)).toBeUndefined());

  it('[X2] never looks beyond the host', () => {
    expect(named('evil.test', '/orders.registry.example.com')).toBeUndefined();
    expect(named('evil.test', '/?x=http://orders.registry.example.com/')).toBeUndefined();
  });

  it.each([undefined, null, ''])('[X2] without a domain (%j) no host names one', (domain) =>
    expect(namespaceOfHost(domain)('http://orders.registry.example.com/')).toBeUndefined(),
  );

  it('[X2] takes the domain in any case', () =>
    expect(namespaceOfHost('Registry.Example.COM')('http://orders.registry.example.com/')).toBe('orders'));
});

describe('domainProblem', () => {
  it.each([undefined, null, '', 'registry.example.com', 'localhost', 'Registry.Example.com', 'xn--bcher-kva.test'])(
    '[X2] finds nothing wrong with %j',
    (domain) => expect(domainProblem(domain)).toBeUndefined(),
  );

  it.each([
    'https://registry.example.com',
    '*.registry.example.com',
    '.registry.example.com',
    'registry.example.com.',
    'registry.example.com:8787',
    'registry.example.com/x',
    'registry example',
    '127.0.0.1',
    '[::1]',
    '-a.test',
    `${'a'.repeat(64)}.test`,
  ])('[X2] refuses %j, and says so', (domain) => {
    const problem = domainProblem(domain);
    expect(problem?.code).toBe('NOT_CONFIGURED');
    expect(problem?.message).toContain(`"${domain}"`);
  });
});
