import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appOf } from '../../codecs/eureka/app-names';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../../model/limits';
import { joinedName } from '../../model/service-name';
import { claimsOf } from './claims';

const orders = { group: 'DEFAULT_GROUP', service: 'orders' };
const namesIn = (extension: unknown, key = orders): string[] =>
  claimsOf(key, extension).map(({ service }) => joinedName(service));

describe('virtual addresses', () => {
  it.each<[unknown, string[]]>([
    [undefined, []],
    [null, []],
    ['carts', []],
    [{}, []],
    [{ vipAddress: '' }, []],
    [{ vipAddress: ' , ,' }, []],
    [{ vipAddress: 7, secureVipAddress: ['carts'] }, []],
    [{ vipAddress: 'orders' }, []],
    [{ vipAddress: 'ORDERS,Orders', secureVipAddress: 'orders' }, []],
    [{ vipAddress: 'DEFAULT_GROUP@@orders' }, []],
    [{ vipAddress: 'carts' }, ['DEFAULT_GROUP@@carts']],
    [{ secureVipAddress: 'CARTS' }, ['DEFAULT_GROUP@@carts']],
    [{ vipAddress: 'orders, carts ,,carts' }, ['DEFAULT_GROUP@@carts']],
    [{ vipAddress: 'carts', secureVipAddress: 'users' }, ['DEFAULT_GROUP@@carts', 'DEFAULT_GROUP@@users']],
    [{ vipAddress: 'Team@@Orders' }, ['team@@orders']],
    [{ vipAddress: 'default_group@@carts' }, ['DEFAULT_GROUP@@carts']],
    [{ vipAddress: 'orders.example.com' }, ['DEFAULT_GROUP@@orders.example.com']],
    [{ vipAddress: 'carts', status: 'nonsense', port: 'x' }, ['DEFAULT_GROUP@@carts']],
  ])('[F12] %j of orders claim %j', (extension, names) => {
    expect(namesIn(extension)).toEqual(names);
  });

  it('[F12] are quoted as written', () => {
    expect(claimsOf(orders, { secureVipAddress: 'orders, Carts' })).toMatchObject([{ by: 'secureVipAddress "Carts"' }]);
  });

  it('[F12] claim nothing for a service whose name has upper-case letters', () => {
    expect(namesIn({ vipAddress: 'Orders,orders' }, { group: 'DEFAULT_GROUP', service: 'Orders' })).toEqual([]);
    expect(namesIn({ vipAddress: 'TEAM@@orders' }, { group: 'Team', service: 'orders' })).toEqual([]);
    expect(namesIn({ vipAddress: 'orders' }, { group: 'team', service: 'orders' })).toEqual(['DEFAULT_GROUP@@orders']);
  });

  it('[F12] are read up to the number a registration may claim, and one more', () => {
    const list = Array.from({ length: 1_000 }, (_, index) => `a${index}`).join(',');
    expect(claimsOf(orders, { vipAddress: 'orders', secureVipAddress: list })).toHaveLength(
      REGISTRATION_CLAIMS_MAX_COUNT + 1,
    );
  });

  const name = fc.string({ unit: fc.constantFrom('a', 'B', 'ß', 'ς', '@', ' ', ',', '.'), minLength: 1, maxLength: 5 });

  it('[F12] claim every application under which Java clients would find the instance', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), (names) => {
        const list = names.join(',');
        // Like `Applications.addInstanceToMap`: upper case, split at commas, nothing trimmed.
        const found = list
          .toUpperCase()
          .split(',')
          .map((part) => part.trim());
        const claimed = new Set(claimsOf(orders, { vipAddress: list }).map(({ service }) => appOf(service)));
        for (const app of found) {
          const own = app === '' || app === 'ORDERS' || app === 'DEFAULT_GROUP@@ORDERS';
          if (!own) expect([...claimed].includes(app) || app.startsWith('DEFAULT_GROUP@@')).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
