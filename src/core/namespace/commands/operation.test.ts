import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR } from '../../../../test/fixtures/callers';
import { definition, key } from '../../../../test/fixtures/definition';
import { applyOperation } from './operation';

it('[C3] applyOperation does what the operation says', () => {
  const draft = new AwakeNamespace().draft();
  const named = { key: key('a'), precondition: {} };
  const outcomes = [
    applyOperation(draft, OPERATOR, { op: 'register', ...named, definition: definition() }),
    applyOperation(draft, OPERATOR, { op: 'update', ...named, patch: { weight: 3 } }),
    applyOperation(draft, OPERATOR, { op: 'override', ...named, override: { enabled: false } }),
    applyOperation(draft, OPERATOR, { op: 'deregister', ...named }),
  ];
  expect(outcomes).toEqual(['created', 'changed', 'created', 'removed']);
});
