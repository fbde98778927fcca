import { expect, it } from 'vitest';
import type { Service } from '../../client/wire/answers';
import { problemOf, saveConditionOf, settingsFormOf, settingsPatchOf } from './settings-form';

const service: Service = {
  group: 'DEFAULT_GROUP',
  name: 'orders',
  instances: 0,
  healthy: 0,
  available: 0,
  persistent: true,
  revision: 1,
  metadata: { team: 'core', tier: '1' },
  protectThreshold: 0.29,
  createdRevision: 1,
};
const form = settingsFormOf(service);

it('changes nothing if the form is as it was', () => {
  expect(form).toEqual({
    metadata: [
      ['team', 'core'],
      ['tier', '1'],
    ],
    thresholdPercent: '29',
  });
  expect(settingsPatchOf(service, form)).toBeUndefined();
});

it('sends only what differs, and null for an entry that is removed', () => {
  const metadata: [string, string][] = [
    ['team', 'pay'],
    [' new ', 'x'],
    ['', ''],
  ];
  expect(settingsPatchOf(service, { metadata, thresholdPercent: '50' })).toEqual({
    metadata: { tier: null, team: 'pay', new: 'x' },
    protectThreshold: 0.5,
  });
});

it('drops no entry in silence', () => {
  const withEntry = (key: string, value: string) => problemOf({ ...form, metadata: [...form.metadata, [key, value]] });
  expect(problemOf(form)).toBeUndefined();
  expect(withEntry('team ', 'x')).toEqual({ kind: 'repeated', key: 'team' });
  expect(withEntry(' ', 'x')).toEqual({ kind: 'nameless' });
  expect(withEntry('', '')).toBeUndefined();
});

it('saves only what is unchanged since it was read', () => {
  expect(saveConditionOf(service, 'c1')).toEqual({ ifMatch: 'c1' });
  expect(saveConditionOf({ ...service, createdRevision: null }, 'c1')).toEqual({ ifNoneMatch: '*' });
});
