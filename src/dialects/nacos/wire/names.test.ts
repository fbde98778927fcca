import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { clustersIn, placeAt, serviceNamed } from '../../../codecs/nacos/names';
import { keyAt } from './names';

describe('a service and its group', () => {
  it('[Y2] are given in one parameter or in two', () =>
    eachRow(
      [
        ['orders', '', 'DEFAULT_GROUP', 'orders'],
        ['orders', 'g', 'g', 'orders'],
        ['g1@@orders', 'g2', 'g1', 'orders'],
        ['providers:com.foo.Bar:1.0.0:', '', 'DEFAULT_GROUP', 'providers:com.foo.Bar:1.0.0:'],
        ['a,b/c', 'g:1.2', 'g:1.2', 'a,b/c'],
      ],
      (name, groupName, group, service) => {
        expect(serviceNamed(name, groupName)).toEqual({ group, service });
      },
    ));

  it('[Y2] are refused with the messages of Nacos', () =>
    eachRow(
      [
        ['@orders', '', "Param 'serviceName' is illegal, illegal characters should not appear in the param."],
        ['a b', '', "Param 'serviceName' is illegal, illegal characters"],
        ['订单', '', "Param 'serviceName' is illegal, illegal characters"],
        ['a@@b@@c', '', "Param 'serviceName' is illegal, illegal characters"],
        ['orders', 'a/b', "Param 'group' is illegal, illegal characters"],
        ['orders', 'g'.repeat(129), "Param 'group' is illegal, the param length should not exceed 128."],
        ['@@orders', 'g', "Param 'serviceName' is illegal, groupName can't be empty"],
      ],
      (name, groupName, words) => {
        expect(() => serviceNamed(name, groupName)).toThrow(words);
      },
    ));
});

it('[Y2] clusters are comma-separated', () => {
  expect(clustersIn('')).toEqual([]);
  expect(clustersIn('a,,b_c ,')).toEqual(['a', 'b_c']);
  expect(() => clustersIn('a,b.c')).toThrow("Param 'cluster' is illegal");
});

describe('an instance', () => {
  const service = { group: 'g', service: 's' };

  it('[Y3] has the id that the native API gives its address and port', () =>
    eachRow(
      [
        ['10.0.0.7', '8080', '10.0.0.7:8080'],
        ['Host.Example', '1', 'host.example:1'],
        ['2001:DB8::7', '65535', '[2001:db8::7]:65535'],
      ],
      (ip, port, id) => {
        expect(keyAt(service, placeAt(ip, port))).toEqual({ ...service, id });
      },
    ));

  it('[Y2] is refused if its address or port is invalid', () =>
    eachRow(
      [
        ['10.0.0.7', '0'],
        ['10.0.0.7', '65536'],
        ['10.0.0.7', '+1'],
        ['a/b', '1'],
        ['中', '1'],
        ['h'.repeat(129), '1'],
      ],
      (ip, port) => {
        expect(() => placeAt(ip, port)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
      },
    ));

  it('[Y2] of a service whose name the core refuses is refused', () => {
    expect(() => keyAt({ group: 'g', service: 'é'.repeat(200) }, placeAt('10.0.0.7', '1'))).toThrow('255 bytes');
  });
});
