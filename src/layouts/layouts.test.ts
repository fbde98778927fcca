import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOSTILE_VALUES, heldEntry } from '../../test/fixtures/layout-entries';
import { byteString } from '../model/bytes';
import { Address, InstanceDefinition, Port } from '../model/instance';
import { parsePlace } from './entry-text';
import { LAYOUT_KINDS, LAYOUTS } from './layouts';

/** Keys under which each layout would read an entry of its shape. */
const KEYS = [
  'svc/echo/17',
  '/micro/registry/greeter/a',
  '/microservices/helloworld/f0c7',
  '/services/addsvc/a',
  '17',
  '',
];
const PREFIXES = ['', '/', '/services/addsvc/', '/microservices', '/micro/registry/', 'svc/'];

function* readings(values: Iterable<Uint8Array>, keys: Iterable<string> = KEYS) {
  for (const value of values)
    for (const key of keys)
      for (const prefix of PREFIXES)
        for (const layout of LAYOUTS)
          if (key.startsWith(prefix) && (layout.readsAnywhere || prefix !== ''))
            yield { layout, value, found: layout.read({ key, value, leaseNames: ['17'] }, prefix) };
}

describe('all layouts', () => {
  it('[LO1] have distinct kinds', () => {
    expect(LAYOUT_KINDS).toEqual(['go-zero', 'grpc-naming', 'go-micro', 'go-kit', 'kratos']);
  });

  it('[LO1] take hostile values for plain data, and never fail', () => {
    for (const { layout, value, found } of readings(HOSTILE_VALUES)) {
      const isValid = found !== undefined && InstanceDefinition.safeParse(found.definition).success;
      expect(isValid, `${layout.kind} ${byteString(value).slice(0, 80)}`).toBe(false);
    }
  });

  it('[LO1] never fail on any key and value', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const value = fc.oneof(
      bytes,
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(bytes.map(byteString), value, (key, each) => {
        for (const { found } of readings([each], [key, `${key}/17`, ...PREFIXES.map((prefix) => prefix + key)]))
          expect(typeof found).not.toBe('null');
      }),
      { numRuns: 200 },
    );
  });

  it('[LO1] do not read the same entry in two ways', () => {
    const naming = heldEntry('svc/echo/17', { Op: 0, Addr: '10.0.0.5:80', Metadata: null });
    const goZero = heldEntry('svc/echo/17', '10.0.0.5:80');
    for (const entry of [naming, goZero])
      expect(LAYOUTS.filter((each) => each.readsAnywhere && each.read(entry, '') !== undefined)).toHaveLength(1);
  });
});

describe('parsePlace', () => {
  it('[LO11] accepts only what a registration accepts as address and port', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.domain(),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(host, fc.integer({ min: -1, max: 70_000 }), (name, number) => {
        const place = parsePlace(`${name}:${number}`);
        const address = name.replace(/^\[(.*)\]$/, '$1');
        const isPlace = Address.safeParse(address).success && Port.safeParse(number).success;
        const isUnambiguous = address.includes(':') === (address !== name);
        expect(place).toEqual(isPlace && isUnambiguous ? { address, port: number } : undefined);
      }),
    );
  });
});
