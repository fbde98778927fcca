import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../test/fixtures/awake-namespace';
import { OPERATOR } from '../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../test/fixtures/definition';
import { readJsonText } from '../../model/json';
import { readService } from './read-calls';
import { callBatch, callPatchService, callPutService, callRemoveService } from './write-calls';

it('[R12, Q1] a service is put, changed, read and removed, each call with its cursor and audit entry', async () => {
  const { state, platform } = new AwakeNamespace();
  const precondition = {};
  const put = await callPutService(state, OPERATOR, {
    ...ORDERS,
    definition: { metadata: {}, protectThreshold: 0.5 },
    precondition,
  });
  expect(put).toMatchObject({ created: true, cursor: state.journal.cursor });
  const patched = await callPatchService(state, OPERATOR, { ...ORDERS, patch: { metadata: { a: 'b' } }, precondition });
  expect(readJsonText(patched.body)).toMatchObject({ protectThreshold: 0.5, metadata: { a: 'b' }, persistent: true });
  const { cursor, body } = await readService(state, ORDERS);
  expect(body).toBe(patched.body);
  expect((await readService(state, { ...ORDERS, ifNoneMatch: cursor })).body).toBeNull();
  await callRemoveService(state, OPERATOR, { ...ORDERS, force: false, precondition });
  await expect(readService(state, ORDERS)).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
  expect(platform.audit.notes.map(({ action }) => action)).toEqual([
    'service-changed',
    'service-changed',
    'service-deleted',
  ]);
});

it('[C3] a batch applies each of its operations', async () => {
  const { state } = new AwakeNamespace();
  const named = { key: key('a'), precondition: {} };
  const { body } = await callBatch(state, OPERATOR, [
    { op: 'register', ...named, definition: definition() },
    { op: 'update', ...named, patch: { weight: 3 } },
    { op: 'override', ...named, override: { enabled: false } },
    { op: 'deregister', ...named },
  ]);
  const outcomes = readJsonText(body).results.map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['created', 'changed', 'created', 'removed']);
});
