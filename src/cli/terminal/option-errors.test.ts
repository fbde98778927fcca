import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { optionMessage } from './option-errors';

it('[K36] names the option of an invalid value, and its bounds in the notation of the option', () =>
  eachRow(
    [
      ['lease.ttlMs', 'Too small: expected number to be >=1000, got 1', '--ttl must be at least 1s, got 1ms'],
      [
        'limits.instances',
        'Too big: expected number to be <=100000, got 200000',
        '--max-instances must be at most 100000, got 200000',
      ],
      [
        'cause',
        'Invalid option: expected one of "expired"|"updated", got "x"',
        '--cause must be one of expired, updated, got "x"',
      ],
      ['tags.0', 'must not be empty', '--tag must not be empty'],
      ['cluster', 'a cluster name must not be empty, got ""', '--cluster: a cluster name must not be empty, got ""'],
      ['metadata.a', 'too long', 'metadata.a: too long'],
      ['', 'an instance needs an address', 'an instance needs an address'],
    ],
    (path, message, text) => {
      expect(optionMessage({ path, message })).toBe(text);
    },
  ));
