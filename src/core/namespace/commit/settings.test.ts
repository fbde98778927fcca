import { expect, it } from 'vitest';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { prepareStorage } from '../../storage/schema';
import { DEFAULT_RETENTION } from './journal';
import { Settings, writeSettings } from './settings';

it('[N22] settings are those stored, otherwise the defaults', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  const none = new Settings(disk);
  expect([none.limits, none.retention]).toEqual([{}, DEFAULT_RETENTION]);
  const settings = { retention: { maxAgeMs: 70_000 }, limits: { instances: 3 } };
  expect([none.replace(settings), none.replace(settings)]).toEqual([true, false]);
  writeSettings(disk, settings);
  const kept = new Settings(disk);
  expect([kept.limits, kept.retention]).toEqual([{ instances: 3 }, { ...DEFAULT_RETENTION, maxAgeMs: 70_000 }]);
});
