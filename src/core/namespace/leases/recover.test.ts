import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { recover } from './recover';

it('[L12] recover makes an instance healthy, and renews its lease', () => {
  const awake = new AwakeNamespace();
  awake.put('a', {}, { healthy: false, changes: 2 });
  const draft = awake.draft();
  recover(draft, key('a'));
  const change = { cause: 'recovered', renewed: true, record: { healthy: true, changes: 3, healthChangedAt: [START] } };
  expect([...draft.changes]).toMatchObject([change]);
  recover(draft, key('a'));
  expect([...draft.changes]).toMatchObject([change]);
});

it('[L4] recover needs an instance', () => {
  expect(() => recover(new AwakeNamespace().draft(), key('a'))).toThrow(
    expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }),
  );
});
