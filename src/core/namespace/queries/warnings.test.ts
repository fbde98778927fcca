import { describe, expect, it } from 'vitest';
import { definition } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { DUPLICATE_ADDRESS_SCAN_MAX_COUNT } from '../../../model/limits';
import { Catalog } from '../records/catalog';
import { encodeInstance } from '../records/records';
import { warningsFor } from './warnings';

/** A service with instances `i-0`, `i-1` and so on, all at one address. */
function serviceOf(count: number, input = {}) {
  const catalog = new Catalog();
  const service = catalog.serviceFor({ group: 'g', service: 's' });
  const text = encodeInstance(instanceRecord(input));
  for (let index = 0; index < count; index++) catalog.putInstance(service, `i-${index}`, text, 1, 0);
  return service;
}

const codes = (input: object, caller: object = {}, service = serviceOf(0)) =>
  warningsFor('a', definition(input), service, { tokenId: 'owner', ...caller }).map(({ code }) => code);

describe('warningsFor', () => {
  it('[R11] warns of a loopback address', () => {
    const cases = ['127.0.0.1', '127.8.9.1', '::1', 'localhost', 'LOCALHOST.'] as const;
    for (const address of cases) {
      expect(codes({ address }), address).toEqual(['LOOPBACK_ADDRESS']);
    }
  });

  it('[R11] warns of a link-local address', () => {
    const cases = ['169.254.0.9', 'fe80::1', 'FEBF::1'] as const;
    for (const address of cases) {
      expect(codes({ address }), address).toEqual(['LINK_LOCAL_ADDRESS']);
    }
  });

  it('[R11] does not warn of addresses that look like those', () => {
    const cases = ['10.0.0.1', '1.127.0.0', '::11', 'fec0::1', 'localhost.example', 'orders.example'] as const;
    for (const address of cases) {
      expect(codes({ address }), address).toEqual([]);
    }
  });

  it('[R11] warns of an address that is not where the request came from', () => {
    expect(codes({ address: '10.0.0.1' }, { address: '10.0.0.2' })).toEqual(['FOREIGN_ADDRESS']);
    expect(codes({ address: '10.0.0.1' }, { address: '10.0.0.1' })).toEqual([]);
    expect(codes({ address: 'fd00::1' }, { address: 'fd00::2' })).toEqual(['FOREIGN_ADDRESS']);
  });

  it('[R11] can’t tell where a host name leads, and does not say of a loopback that it is foreign', () => {
    expect(codes({ address: 'orders.example' }, { address: '10.0.0.2' })).toEqual([]);
    expect(codes({ address: '127.0.0.1' }, { address: '10.0.0.2' })).toEqual(['LOOPBACK_ADDRESS']);
  });

  it('[R11] warns of an address that another instance has, and names it', () => {
    expect(codes({}, {}, serviceOf(1))).toEqual(['DUPLICATE_ADDRESS']);
    expect(codes({ port: 9 }, {}, serviceOf(1))).toEqual([]);
    expect(codes({ port: 8 }, {}, serviceOf(1, { port: 80 }))).toEqual([]);
    const [warning] = warningsFor('a', definition(), serviceOf(1), { tokenId: 'owner' });
    expect(warning?.message).toContain('"i-0"');
  });

  it('[R11] does not take an instance for another', () => {
    expect(warningsFor('i-0', definition(), serviceOf(1), { tokenId: 'owner' })).toEqual([]);
  });

  it('looks for duplicates only where that is cheap', () => {
    const most = DUPLICATE_ADDRESS_SCAN_MAX_COUNT;
    expect(codes({}, {}, serviceOf(most))).toEqual(['DUPLICATE_ADDRESS']);
    expect(codes({}, {}, serviceOf(most + 1))).toEqual([]);
  });

  it('has nothing to say of an instance that is only a url', () => {
    expect(codes({ address: undefined, port: undefined, url: 'https://127.0.0.1' }, { address: '1.1.1.1' })).toEqual(
      [],
    );
  });
});
