import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR, STRANGER } from '../../../../test/fixtures/callers';
import { definition, key } from '../../../../test/fixtures/definition';
import type { Operation } from '../../../model/batch';
import type { Caller } from '../../../model/namespace-api';
import { batchDeed, overrideAction } from './batch-deed';

/** A namespace where `a` and `b` are another's, and what a batch would do there. */
function deedOf(caller: Caller, ...operations: Operation[]) {
  const awake = new AwakeNamespace();
  awake.put('a b');
  return batchDeed(awake.state.catalog, caller, operations);
}

const deregister = (id: string): Operation => ({ op: 'deregister', key: key(id), precondition: {} });
const override = (id: string): Operation => ({
  op: 'override',
  key: key(id),
  precondition: {},
  override: { weight: 2 },
});
const register = (id: string): Operation => {
  return { op: 'register', key: key(id), precondition: {}, definition: definition() };
};

it('[A46] a batch that changes what is its own is no deed', () => {
  expect(deedOf(OPERATOR, register('new'), deregister('none'))).toBeUndefined();
});

it('[A46] a batch is the deed of its gravest operation, and counts the others', () => {
  const deed = deedOf(OPERATOR, register('new'), register('b'), override('b'), deregister('a'), deregister('b'));
  const detail = 'batch of 5: 2 deregistered, 1 overridden, 1 changed';
  expect(deed).toEqual({ action: 'deregistered', key: key('a'), detail });
});

it('[A46] what a caller does not operate is no deed of it', () => {
  expect(deedOf(STRANGER, deregister('a'))).toBeUndefined();
  expect(deedOf({ tokenId: 't', operates: ['DEFAULT_GROUP@@users'] }, deregister('a'), override('a'))).toBeUndefined();
});

it('[A46] a quarantine is written down by its own name', () => {
  expect([overrideAction({ quarantine: {} }), overrideAction({})]).toEqual(['quarantined', 'overridden']);
});
