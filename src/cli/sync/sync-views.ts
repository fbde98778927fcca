import type { Instance } from '../../client/wire/instance';
import { serviceText } from '../terminal/option-values';
import type { Tone } from '../terminal/palette';
import type { View } from '../terminal/printer';
import { type Cell, padded } from '../terminal/table';
import type { MirrorEvent } from './mirror';
import type { MirrorPlan, Wanted } from './mirror-plan';

/** What a mirror does, for people and for programs. */

/** One line of a report. */
export interface Difference {
  change: 'added' | 'changed' | 'removed' | 'skipped' | 'refused';
  group: string;
  service: string;
  /** Here; what the source calls it is in it, after the name of its kind. */
  id: string;
  address?: string;
  /** What changed, who registered itself, or why it was refused. */
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
  const { address = '', port } = body;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
};

const skipText = (by: Instance): string => `${by.id} registered itself here (token ${by.owner})`;

/** An event of a mirror as a line of a report. */
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

/** What a plan would do, as the lines of a report. */
export function differencesOf({ added, changed, vanished, skipped }: MirrorPlan): Difference[] {
  return [
    ...added.map((wanted): MirrorEvent => ({ type: 'added', wanted })),
    ...changed.map((wanted): MirrorEvent => ({ type: 'changed', wanted, members: wanted.members })),
    ...vanished.map((names): MirrorEvent => ({ type: 'removed', names })),
    ...skipped.map((wanted): MirrorEvent => ({ type: 'skipped', wanted, by: wanted.by })),
  ].map(differenceOf);
}

const CHANGE_CELLS = 'refused'.length;

/** A line of what is going on. */
export function differenceRow(difference: Difference): Cell[] {
  const { change, id, address = '', detail = '' } = difference;
  const text = padded(change, CHANGE_CELLS, 'left');
  return [{ text, tone: TONES[change] }, `${serviceText(difference)}/${id}`, address, { text: detail, tone: 'faint' }];
}

/** What a report came to. */
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

/** A report of what was done, or would be. @param same Instances that are here as they are there. */
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

/** A report for people: a line for each difference, and the totals. */
export function reportViews({ differences, source, ...counts }: SyncReport): View[] {
  const total = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  const line = `${source}: ${total.join(', ')}`;
  if (differences.length === 0) return [line];
  const titles = ['CHANGE', 'INSTANCE', 'ADDRESS', 'DETAIL'];
  return [{ titles, rows: differences.map(differenceRow) }, line];
}
