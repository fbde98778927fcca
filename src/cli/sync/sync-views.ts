import type { Instance } from '../../client/wire/instance';
import { inBrackets } from '../../model/address';
import { serviceText } from '../terminal/option-values';
import type { Tone } from '../terminal/palette';
import type { View } from '../terminal/printer';
import { type Cell, padded } from '../terminal/table';
import type { MirrorEvent } from './mirror';
import type { MirrorPlan, Wanted } from './mirror-plan';

/** Output of a mirror, for people and for programs. */

/** A line of a report. */
export interface Difference {
  change: 'added' | 'changed' | 'removed' | 'skipped' | 'refused';
  group: string;
  service: string;
  /** Id in this registry: the kind of the source, then the id at the source. */
  id: string;
  address?: string;
  /** Changed members, the directly registered instance, or the reason of a refusal. */
  detail?: string;
}

const TONES: Readonly<Record<Difference['change'], Tone | undefined>> = {
  added: 'good',
  changed: 'warning',
  removed: 'bad',
  skipped: 'faint',
  refused: 'bad',
};

const placeOf = ({ source: { body } }: Wanted): string => {
  const { address = '', port, url = '' } = body;
  if (port === undefined) return url;
  return `${inBrackets(address)}:${port}`;
};

const skipText = (by: Instance): string => `${by.id} is registered here directly (token ${by.owner})`;

/** Converts an event of a mirror to a line of a report. */
export function differenceOf(event: MirrorEvent): Difference {
  const { group, service, id } = 'wanted' in event ? event.wanted : event.names;
  const names = { change: event.type, group, service, id };
  switch (event.type) {
    case 'added':
      return { ...names, address: placeOf(event.wanted) };
    case 'changed':
      return { ...names, address: placeOf(event.wanted), detail: event.members.join(', ') };
    case 'skipped':
      return { ...names, address: placeOf(event.wanted), detail: skipText(event.by) };
    case 'refused':
      return { ...names, detail: event.error.detail };
    case 'removed':
      return names;
  }
}

/** Converts a plan to the lines of a report. */
export function differencesOf({ added, changed, vanished, skipped }: MirrorPlan): Difference[] {
  return [
    ...added.map((wanted): MirrorEvent => ({ type: 'added', wanted })),
    ...changed.map((wanted): MirrorEvent => ({ type: 'changed', wanted, members: wanted.members })),
    ...vanished.map((names): MirrorEvent => ({ type: 'removed', names })),
    ...skipped.map((wanted): MirrorEvent => ({ type: 'skipped', wanted, by: wanted.by })),
  ].map(differenceOf);
}

const CHANGE_CELLS = 'refused'.length;

/** Shows a line of a report. */
export function differenceRow(difference: Difference): Cell[] {
  const { change, id, address = '', detail = '' } = difference;
  const text = padded(change, CHANGE_CELLS, 'left');
  return [{ text, tone: TONES[change] }, `${serviceText(difference)}/${id}`, address, { text: detail, tone: 'faint' }];
}

/** A report with its totals. */
export interface SyncReport {
  source: string;
  added: number;
  changed: number;
  removed: number;
  same: number;
  skipped: number;
  refused: number;
  differences: Difference[];
}

/** Creates a report of applied or planned changes. @param same Number of instances without differences. */
export function syncReport(source: string, differences: Difference[], same: number): SyncReport {
  const count = (change: Difference['change']) => differences.filter((each) => each.change === change).length;
  return {
    source,
    added: count('added'),
    changed: count('changed'),
    removed: count('removed'),
    same,
    skipped: count('skipped'),
    refused: count('refused'),
    differences,
  };
}

/** Shows a report to people: a line per difference, and the totals. */
export function reportViews({ differences, source, ...counts }: SyncReport): View[] {
  const total = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  const line = `${source}: ${total.join(', ')}`;
  if (differences.length === 0) return [line];
  const titles = ['CHANGE', 'INSTANCE', 'ADDRESS', 'DETAIL'];
  return [{ titles, rows: differences.map(differenceRow) }, line];
}
