import { FLAPPING_CHANGES_COUNT } from '../../../model/limits';
import type { InstanceRecord } from './records';

/** An instance whose health has changed at `stamp`: the mark of flapping is made of the last of these changes. */
export function withHealth(record: InstanceRecord, healthy: boolean, stamp: number): InstanceRecord {
  return {
    ...record,
    healthy,
    healthChangedAt: [...record.healthChangedAt, stamp].slice(-FLAPPING_CHANGES_COUNT),
    changes: record.changes + 1,
    updatedAt: stamp,
  };
}
