import { expect, it } from 'vitest';
import type { Service } from '../../client/wire/answers';
import { repeatedKey, settingsFormOf, settingsPatchOf } from './settings-form';

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
    ['', 'ignored'],
  ];
  expect(settingsPatchOf(service, { metadata, thresholdPercent: '50' })).toEqual({
    metadata: { tier: null, team: 'pay', new: 'x' },
    protectThreshold: 0.5,
  });
});

it('names a key that is there twice', () => {
  expect(repeatedKey(form)).toBeUndefined();
  expect(repeatedKey({ ...form, metadata: [...form.metadata, ['team ', 'x']] })).toBe('team');
});
