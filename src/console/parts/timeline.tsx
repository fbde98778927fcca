import { actorName } from '../state/actors';
import type { State } from '../state/instance-state';
import {
  type ComingItem,
  type EntryItem,
  type EntryTitle,
  type FoldItem,
  folded,
  type SilenceItem,
  type TimelineItem,
} from '../state/timeline';
import { words } from '../words/words';
import { FieldChanges } from './field-changes';
import { STATE_OF_CAUSE } from './latest-feed';
import { StateShape } from './state-mark';
import { Time } from './time';

/** Subscribers that are named. */
const NAMED_MAX_COUNT = 3;

/** State that a deadline leads to. */
const STATE_OF_DEADLINE: Record<ComingItem['deadline'], State> = {
  unhealthyAt: 'unhealthy',
  removedAt: 'gone',
  drainEndsAt: 'gone',
  quarantineEndsAt: 'quarantined',
};

/** State whose shape an entry has, if its cause alone does not determine it. */
const STATE_OF_TITLE: Partial<Record<EntryTitle['kind'], State>> = {
  'quarantine-lifted': 'quarantined',
  'quarantine-ended': 'quarantined',
  'drain-ended': 'gone',
  removed: 'gone',
};

/** Lists what will happen to an instance and what happened, newest first. */
export function Timeline({ items }: { items: readonly TimelineItem[] }) {
  return (
    <ol class="tl" aria-label={words.value.instance.timeline.label}>
      {folded(items).map(itemOf)}
    </ol>
  );
}

function itemOf(item: TimelineItem | FoldItem) {
  switch (item.kind) {
    case 'entry':
      return <Entry key={item.key} item={item} />;
    case 'coming':
      return <Coming key={item.key} item={item} />;
    case 'silence':
      return <Silence key={item.key} item={item} />;
    case 'fold':
      return <Fold key={item.key} item={item} />;
  }
}

function Fold({ item: { count, since, until, items } }: { item: FoldItem }) {
  return (
    <li class="folded">
      <details>
        <summary>{words.value.instance.timeline.fold(count, since, until)}</summary>
        <ol class="tl">{items.map(itemOf)}</ol>
      </details>
    </li>
  );
}

function Entry({ item: { at, cause, actor, title, fields, watchers, behind } }: { item: EntryItem }) {
  const { timeline: text } = words.value.instance;
  const state = STATE_OF_TITLE[title.kind] ?? STATE_OF_CAUSE[cause] ?? 'up';
  const named = behind.slice(0, NAMED_MAX_COUNT);
  return (
    <li>
      <Time at={at} />
      <span class="dot">
        <StateShape state={state} />
      </span>
      <span class="what">
        <b>{titleText(title)}</b>
        <FieldChanges changes={fields} />
        {(watchers > 0 || named.length > 0) && (
          <span class="mute">
            {watchers > 0 && text.watchers(watchers)}
            {watchers > 0 && named.length > 0 && '; '}
            {named.length > 0 && <b>{text.behind(named.join(', '), behind.length - named.length)}</b>}
          </span>
        )}
      </span>
      <span class="who mono">{actor === 'registry' ? text.registry : actorName(actor)}</span>
    </li>
  );
}

function Coming({ item: { at, deadline } }: { item: ComingItem }) {
  return (
    <li class="coming">
      <Time at={at} />
      <span class="dot">
        <StateShape state={STATE_OF_DEADLINE[deadline]} />
      </span>
      <span class="what">{words.value.instance.timeline.coming[deadline]}</span>
      <span class="who" />
    </li>
  );
}

function Silence({ item: { lastAt, ms } }: { item: SilenceItem }) {
  return (
    <li class="gap">
      <time />
      <span class="dot" />
      <span class="what">{words.value.instance.timeline.silence(lastAt, ms)}</span>
      <span class="who" />
    </li>
  );
}

function titleText(title: EntryTitle): string {
  const { timeline: text } = words.value.instance;
  if (title.kind === 'registered') return text.registered(title);
  if (title.kind === 'quarantined') return text.quarantined(title);
  if (title.kind === 'unhealthy') return text.unhealthy(title);
  return text.titles[title.kind];
}
