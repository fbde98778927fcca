import type { Instance } from '../../client/wire/instance';
import type { InstanceEvent } from '../connection/watched-instances';
import { serviceText } from '../options/option-values';
import type { Cell, Table } from '../terminal/table';
import { padded } from '../terminal/text-width';
import { addressText, entriesText, stateCell } from './views';

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

/** As long as the longest cause, and the longest state: lines are printed one by one, and stand below each other. */
const CAUSE_CELLS = 'session-closed'.length;
const STATE_CELLS = 'out-of-service'.length;

function row(at: string, cause: string, state: Cell, instance: Instance, ...more: Cell[]): Cell[] {
  const { text, tone } = typeof state === 'object' ? state : { text: `${state}`, tone: undefined };
  return [
    { text: at, tone: 'faint' },
    padded(cause, CAUSE_CELLS, 'left'),
    { text: padded(text, STATE_CELLS, 'left'), tone },
    `${serviceText(instance)}/${instance.id}`,
    addressText(instance),
    ...more,
  ];
}

/** One event. */
export function eventRow({ at, cause, actor, instance, isGone }: InstanceEvent): Cell[] {
  const state: Cell = isGone ? { text: 'gone', tone: 'bad' } : stateCell(instance);
  return row(at, cause, state, instance, { text: `by ${actor}`, tone: 'faint' });
}

/** How an instance is when the watch begins. */
export function presentRow(instance: Instance): Cell[] {
  return row(instance.updatedAt, 'present', stateCell(instance), instance);
}
