import { expect, it } from 'vitest';
import type { Override } from '../../client/wire/answers';
import type { ServiceDiff } from '../../client/wire/history-answers';
import { isSameOverride, planUndo, type Undoable } from './override';

const act: Undoable = { id: 'a', before: 'c1', after: 'c2', override: undefined, left: 7 };
const mine: Override = { quarantine: {}, actor: 'ops', revision: 7, updatedAt: '2026-11-20T10:00:00.000Z' };
const moment = { revision: 1, cursor: 'c', at: '2026-11-20T10:00:00.000Z' };
const diffOf = (...ids: string[]): ServiceDiff => ({
  from: moment,
  to: moment,
  instances: ids.map((id) => ({ id, before: null, after: null })),
});

it('rolls a service back that has changed by this act alone', () => {
  expect(planUndo(act, mine, diffOf('a'))).toBe('rollback');
});

it('puts back only the override if anything else has changed, too', () => {
  expect(planUndo(act, mine, diffOf('a', 'b'))).toBe('override');
  expect(planUndo(act, mine, { ...diffOf('a'), next: 'x' })).toBe('override');
  const settings = { group: 'g', name: 's', persistent: true, metadata: {}, protectThreshold: 0, revision: 3 };
  expect(planUndo(act, mine, { ...diffOf('a'), service: { before: settings, after: settings } })).toBe('override');
});

it('puts back only the override if the history no longer goes back to the act', () => {
  expect(planUndo(act, mine, undefined)).toBe('override');
});

it('changes nothing if someone else has changed the override since', () => {
  expect(planUndo(act, { ...mine, revision: 9 }, diffOf('a'))).toBe('changed');
  expect(planUndo({ ...act, override: { weight: 2 } }, undefined, diffOf('a'))).toBe('changed');
});

it('needs no change if the override is as it was before', () => {
  expect(planUndo(act, undefined, diffOf('a'))).toBe('none');
  expect(planUndo({ ...act, override: { weight: 2 } }, { ...mine, quarantine: undefined, weight: 2 }, diffOf())).toBe(
    'none',
  );
});

it('compares overrides by what they set', () => {
  expect(isSameOverride(undefined, undefined)).toBe(true);
  expect(isSameOverride({}, undefined)).toBe(false);
  expect(isSameOverride({ metadata: { a: '1', b: '2' } }, { metadata: { b: '2', a: '1' } })).toBe(true);
  expect(isSameOverride({ quarantine: {} }, {})).toBe(false);
  expect(isSameOverride({ quarantine: { reason: 'x' } }, { quarantine: {} })).toBe(false);
});
