import type { Instance } from '../client/instance';
import { serviceText } from './option-values';
import type { Cell, Table } from './table';
import { addressText, entriesText, stateCell } from './views';
import type { InstanceEvent } from './watched-instances';

/** What people see of a watch. */

/** Instances of any services. */
export function watchedTable(instances: readonly Instance[]): Table {
  return {
    titles: ['SERVICE', 'ID', 'ADDRESS', 'STATE', 'WEIGHT', 'VERSION', 'METADATA'],
    rows: instances.map((each): Cell[] => [
      serviceText(each),
      each.id,
      addressText(each),
      stateCell(each),
      each.weight,
      each.version ?? '',
      { text: entriesText(each.metadata), tone: 'faint' },
    ]),
  };
}

/** One event, in columns that stand below each other though each line is printed by itself. */
export function eventRow({ at, cause, actor, instance, isGone }: InstanceEvent): Cell[] {
  const state: Cell = isGone ? { text: 'gone', tone: 'bad' } : stateCell(instance);
  return [
    { text: at, tone: 'faint' },
    cause.padEnd('session-closed'.length),
    state,
    `${serviceText(instance)}/${instance.id}`,
    addressText(instance),
    { text: `by ${actor}`, tone: 'faint' },
  ];
}

/** How an instance is when the watch begins. */
export function presentRow(instance: Instance): Cell[] {
  return [
    { text: instance.updatedAt, tone: 'faint' },
    'present'.padEnd('session-closed'.length),
    stateCell(instance),
    `${serviceText(instance)}/${instance.id}`,
    addressText(instance),
  ];
}
