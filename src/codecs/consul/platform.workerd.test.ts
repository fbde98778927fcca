import { expect, it } from 'vitest';
import { FILTER_FIELDS } from './filter/fields';
import { compileFilter } from './filter/filter';
import { boundedPatterns } from './filter/patterns';
import { parseBody } from './members';
import { readTxn } from './txn';

it('flags of 64 bits and regular expressions work on Cloudflare too', () => {
  const body = parseBody('[{"KV":{"Verb":"set","Key":"a","Flags":18446744073709551615}}]');
  expect(readTxn(body, { operations: 1, valueBytes: 0 })).toMatchObject([{ flags: 18446744073709551615n }]);
  const filter = compileFilter('Node matches "^n\\\\d+$"', FILTER_FIELDS['catalog/nodes'], boundedPatterns());
  expect([{ Node: 'n1' }, { Node: 'n' }].map(filter)).toEqual([true, false]);
});
