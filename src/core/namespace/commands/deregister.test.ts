import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OWNER } from '../../../../test/fixtures/callers';
import { key } from '../../../../test/fixtures/definition';
import { deregister } from './deregister';

it('[R9] deregister removes an instance, and finds nothing wrong in one that is gone', () => {
  const awake = new AwakeNamespace();
  awake.put('a');
  const draft = awake.draft();
  expect(deregister(draft, OWNER, key('a'), {})).toBe('removed');
  expect([...draft.changes]).toMatchObject([{ ...key('a'), cause: 'deregistered', record: null }]);
  expect(deregister(draft, OWNER, key('a'), {})).toBe('absent');
  expect(deregister(draft, OWNER, key('b'), {})).toBe('absent');
});

it('[Q4] deregister asks for what its precondition asks for', () => {
  const draft = new AwakeNamespace().draft();
  expect(() => deregister(draft, OWNER, key('a'), { revision: 1 })).toThrow(
    expect.objectContaining({ code: 'REVISION_MISMATCH' }),
  );
});
