import { expect, it } from 'vitest';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { prepareStorage } from '../../storage/schema';
import { isMarkedForNewEpoch, markForNewEpoch, unmarkForNewEpoch } from './epoch-mark';

it('[Z2] a mark is there from when it was set until it is taken away', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'E');
  expect(isMarkedForNewEpoch(disk)).toBe(false);
  markForNewEpoch(disk);
  markForNewEpoch(disk);
  expect(isMarkedForNewEpoch(disk)).toBe(true);
  unmarkForNewEpoch(disk);
  expect(isMarkedForNewEpoch(disk)).toBe(false);
});
