import type { DrainReport, Endpoint } from '../../client/wire/answers';
import type { Instance } from '../../client/wire/instance';
import { inBrackets } from '../../model/address';
import { serviceText } from './option-values';
import { durationText, relativeText } from './phrases';
import type { Cell, Table } from './table';

/** Views of the registry's records. */

/** Returns host and port as in a URL, or the URL of an instance without an address. */
export function addressText({ address, port, url }: Pick<Endpoint, 'address' | 'port' | 'url'>): string {
  if (address === undefined) return url ?? '';
  return `${inBrackets(address)}${port === undefined ? '' : `:${port}`}`;
}

/** Formats entries as on the command line. */
export function entriesText(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

/** Shows whether an instance takes traffic, and if not, the first reason. */
export function stateCell(instance: Instance): Cell {
  if (instance.available) return { text: 'available', tone: 'good' };
  if (instance.quarantined) return { text: 'quarantined', tone: 'bad' };
  if (!instance.enabled) return { text: 'disabled', tone: 'warning' };
  if (!instance.healthy) return { text: 'unhealthy', tone: 'bad' };
  if (instance.status !== 'up') return { text: instance.status, tone: 'warning' };
  return { text: 'no weight', tone: 'warning' };
}

/** Shows the instances of a service. */
export function instanceTable(instances: readonly Instance[]): Table {
  return {
    titles: ['ID', 'ADDRESS', 'STATE', 'WEIGHT', 'CLUSTER', 'VERSION', 'METADATA'],
    spare: [4, 6, 5, 3],
    rows: instances.map((each) => [
      each.id,
      addressText(each),
      stateCell(each),
      each.weight,
      each.cluster,
      each.version ?? '',
      { text: entriesText(each.metadata), tone: 'faint' },
    ]),
  };
}

/** Shows a record as names and values; undefined and empty values are left out. */
export function fieldTable(fields: readonly (readonly [name: string, value: Cell | undefined])[]): Table {
  return {
    rows: fields.flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[{ text: name, tone: 'faint' as const }, value]],
    ),
  };
}

/** Returns the fields of readers that can't acknowledge, for {@link fieldTable}. */
export function blindReaderFields({ blind, unknown = [] }: Pick<DrainReport, 'blind' | 'unknown'>) {
  const kinds = Object.entries(blind).map(([kind, many]) => `${many} by ${kind}`);
  return [
    ['blind readers', kinds.join(', ')],
    ['unknown readers', unknown.join(', ')],
  ] as const;
}

/** Shows the details of an instance. */
export function instanceFields(instance: Instance): Table {
  const { lease, location } = instance;
  return fieldTable([
    ['id', instance.id],
    ['service', serviceText(instance)],
    ['state', stateCell(instance)],
    ['status', instance.status],
    ['address', addressText(instance)],
    ['url', instance.address === undefined ? '' : instance.url],
    [
      'ports',
      entriesText(Object.fromEntries(Object.entries(instance.ports).map(([name, { port }]) => [name, `${port}`]))),
    ],
    ['weight', `${instance.weight}`],
    ['cluster', instance.cluster],
    ['node', instance.node],
    ['version', instance.version],
    ['zone', location?.zone],
    ['metadata', entriesText(instance.metadata)],
    ['tags', instance.tags.join(' ')],
    ['lease', lease === null ? 'none' : leaseText(lease)],
    ['flapping', instance.flapping ? { text: 'yes', tone: 'warning' } : ''],
    ['overridden', instance.overridden ? { text: 'yes', tone: 'warning' } : ''],
    ['owner', instance.owner],
    ['revision', `${instance.revision}`],
    ['registered', relativeText(instance.registeredAt)],
    ['updated', relativeText(instance.updatedAt)],
  ]);
}

function leaseText({ ttlMs, removeAfterMs }: NonNullable<Instance['lease']>): string {
  const removal = removeAfterMs === null ? 'never removed' : `removed after ${durationText(removeAfterMs)}`;
  return `unhealthy after ${durationText(ttlMs)}, ${removal}`;
}
