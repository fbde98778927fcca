import { expect, it } from 'vitest';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { withHealth } from './health';

it('[L12, L13] withHealth is a change of the record, and remembers the last three of its kind', () => {
  const before = instanceRecord({ weight: 2 }, { changes: 4 });
  let record = before;
  for (const stamp of [10, 20, 30, 40]) record = withHealth(record, !record.healthy, stamp);
  expect(record).toEqual({ ...before, healthy: true, changes: 8, updatedAt: 40, healthChangedAt: [20, 30, 40] });
  expect(before.healthChangedAt).toEqual([]);
});
