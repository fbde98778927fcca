import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { HistoryChange } from '../../client/wire/history-answers';
import { actorNames, isActor } from '../state/actors';
import { type ChangeLine, type Fold, factsOf, foldLines, idOf, isFold, linesOf, recordOf } from '../state/change-lines';
import { bytesOfKey, queryOfPlace } from '../state/entry-keys';
import { HistoryList, type HistoryOptions } from '../state/history-list';
import { diffPath, entriesPath, instancePath, type ServiceAddress, servicePath, serviceTitle } from '../state/paths';
import { changedFields } from '../state/record-diff';
import { clock, fullTime, moment } from '../words/format';
import { words } from '../words/words';
import { announce } from './announcer';
import { foldSentence, sentenceOf, stateAfter } from './change-sentence';
import { FieldChanges } from './field-changes';
import { More } from './form';
import { Icon } from './icon';
import { PointProblem } from './point-problem';
import { Empty, Skeleton } from './problem';
import { Cell, HeadCell, Rows } from './rows';
import { StateMark } from './state-mark';
import { useGuard } from './steady-order';
import { Time } from './time';

/** Changed fields that a row shows. */
const FIELDS_MAX_COUNT = 4;

/** Ids that a fold names. */
const NAMED_MAX_COUNT = 12;

/** Reads a history, and shows that of the previous options until the new one has its first page. */
export function useHistoryList(options: HistoryOptions): HistoryList {
  const key = JSON.stringify(options);
  const list = useMemo(() => new HistoryList(options), [key]);
  useEffect(() => () => list.close(), [list]);
  const shown = useRef(list);
  if (list.isReady.value || list.error.value !== undefined) shown.current = list;
  return shown.current;
}

/**
 * Shows the history of a service.
 *
 * @param at Point in the past up to which it is shown; undefined: now, live.
 */
export function ServiceHistory({
  address: { ns, group, service },
  at,
}: {
  address: ServiceAddress;
  at: string | undefined;
}) {
  return <ChangeList list={useHistoryList({ ns, group, service, until: at })} />;
}

/**
 * Lists changes, newest first. New ones appear at the top, unless that moves what is being used or read: then a button shows
 * how many there are.
 *
 * @param actor Only changes of the author of this name or id.
 */
export function ChangeList({ list, actor }: { list: HistoryList; actor?: string | undefined }) {
  const { history: text, common, titles } = words.value;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const top = useRef<HTMLDivElement>(null);
  const { options, parts, pending, error, isReady, isReading, hasMore } = list;

  const showIfFree = () => {
    if (list.pending.peek().length === 0) return;
    if (isUsed() || (top.current?.getBoundingClientRect().top ?? 0) < 0) announce(text.fresh(freshCount));
    else list.showPending();
  };
  const { isUsed, guard } = useGuard(showIfFree);
  const fresh = pending.value;
  useEffect(showIfFree, [fresh]);

  const isByActor = (line: ChangeLine) => actor === undefined || isActor(line.actor, actor);
  const names = actorNames.value;
  const isGapless = options.cause === undefined;
  const all = parts.value;
  const rows = useMemo(
    () =>
      // Each part by itself: a fold must not grow above the reader when older changes come.
      all.flatMap((entries, index) =>
        foldLines(linesOf(entries, all[index + 1]?.[0]?.cursor, isGapless).filter(isByActor)),
      ),
    [all, actor, isGapless, names],
  );
  const items = rows.flatMap((row): Item[] =>
    isFold(row) ? [row, ...(opened.has(row.key) ? row.lines.map((line) => ({ ...line, isInside: true })) : [])] : [row],
  );
  const toggle = (key: string) => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  const freshCount = fresh.flatMap((entry) => linesOf([entry], undefined)).filter(isByActor).length;
  const show = ({ detail }: MouseEvent) => {
    list.showPending();
    top.current?.scrollIntoView({ block: 'nearest' });
    // The button is gone: the keyboard goes on at the first row.
    if (detail === 0) requestAnimationFrame(() => top.current?.querySelector<HTMLElement>('[data-row]')?.focus());
  };
  return (
    <div class="changes-of" ref={top} {...guard}>
      {freshCount > 0 && (
        <div class="fresh">
          <button class="btn pill" type="button" onClick={show}>
            {text.fresh(freshCount)}
            {list.isBehind.value && '+'}
          </button>
        </div>
      )}
      {error.value !== undefined && (
        <PointProblem
          error={error.value}
          onRetry={() => (all.length > 0 ? void list.more() : list.reload())}
          param="since"
        />
      )}
      {!isReady.value && error.value === undefined && <Skeleton />}
      {isReady.value && items.length === 0 && !isReading.value && (
        <Empty>{actor === undefined ? text.none : text.noneOfActor}</Empty>
      )}
      {items.length > 0 && (
        <Rows
          label={titles.history}
          class="changes"
          head={
            <>
              <HeadCell>{common.time}</HeadCell>
              <HeadCell>{text.change}</HeadCell>
              <HeadCell>{text.fields}</HeadCell>
              <HeadCell>
                <span class="vh">{text.compare}</span>
              </HeadCell>
            </>
          }
          items={items}
          keyOf={keyOf}
          cells={(item) =>
            isFold(item) ? (
              <FoldCells ns={options.ns} fold={item} isOpen={opened.has(item.key)} onToggle={() => toggle(item.key)} />
            ) : (
              <LineCells ns={options.ns} line={item} isService={options.service !== undefined} />
            )
          }
        />
      )}
      {isReady.value && (
        <div class="end">
          {hasMore.value ? (
            <More isBusy={isReading.value} onClick={() => void list.more()} />
          ) : (
            <HistoryEnd list={list} />
          )}
        </div>
      )}
    </div>
  );
}

type Item = Fold | (ChangeLine & { isInside?: boolean });

const keyOf = (item: Item): string => (isFold(item) || !item.isInside ? item.key : `in ${item.key}`);

function HistoryEnd({ list: { reach, options, parts } }: { list: HistoryList }) {
  const { history: text } = words.value;
  if (reach.value !== undefined) return <p class="mute">{text.reach(moment(reach.value))}</p>;
  const { since } = options;
  if (since !== undefined) return <p class="mute">{text.rangeStart(since.startsWith('c') ? since : moment(since))}</p>;
  return parts.value.flat().length === 0 ? null : <p class="mute">{text.start}</p>;
}

function FoldCells({ ns, fold, isOpen, onToggle }: { ns: string; fold: Fold; isOpen: boolean; onToggle: () => void }) {
  const { history: text } = words.value;
  const facts = factsOf(fold);
  const [newest] = fold.lines;
  if (facts === undefined || newest === undefined) return null;
  const names = new Set(
    fold.lines.map(({ change }) => (change.kind === 'service' ? serviceTitle(change) : idOf(change))),
  );
  return (
    <>
      <Cell class="time">
        <time dateTime={facts.from} title={`${fullTime(facts.from)} – ${fullTime(facts.to)}`}>
          {text.span(moment(facts.from), clock(facts.to))}
        </time>
      </Cell>
      <Cell class="say">
        <button class="fold" type="button" data-row aria-expanded={isOpen} onClick={onToggle}>
          <Icon name="down" />
          <StateMark state={stateAfter(newest)} isCalm={stateAfter(newest) === 'up'}>
            {foldSentence(facts)}
          </StateMark>
        </button>
      </Cell>
      <Cell class="fields mute">{[...names].slice(0, NAMED_MAX_COUNT).join(', ')}</Cell>
      <Cell class="n">
        {facts.service && (
          <Compare
            address={{ ns, ...facts.service }}
            from={fold.lines.at(-1)?.before ?? facts.from}
            to={newest.cursor}
          />
        )}
      </Cell>
    </>
  );
}

function LineCells({
  ns,
  line,
  isService,
}: {
  ns: string;
  line: ChangeLine & { isInside?: boolean };
  isService: boolean;
}) {
  const { at, change, before, cursor, isInside } = line;
  const record = recordOf(change);
  const address = record && { ns, group: record.group, service: record.service };
  const id = idOf(change);
  // A registration or a removal changes every field, and so does the creation or deletion of an entry.
  const isWhole = (change.kind === 'instance' || !record) && (change.before === null || change.after === null);
  const fields = isWhole ? [] : changedFields(change.before, change.after).slice(0, FIELDS_MAX_COUNT);
  return (
    <>
      <Cell class="time">
        <Time at={at} />
      </Cell>
      <Cell class={isInside ? 'say in' : 'say'}>
        <Link href={pathOf(ns, change)} data-row>
          <StateMark state={stateAfter(line)} isCalm={stateAfter(line) === 'up'}>
            {sentenceOf(line)}
          </StateMark>
        </Link>
        {!isService && record && id !== '' && <span class="mute"> {serviceTitle(record)}</span>}
      </Cell>
      <Cell class="fields">
        <FieldChanges changes={fields} />
      </Cell>
      <Cell class="n">{address && <Compare address={address} from={before} to={cursor} />}</Cell>
    </>
  );
}

/** Returns the page of what a change is about. */
function pathOf(ns: string, change: HistoryChange): string {
  if (change.kind === 'entry') return entriesPath(ns, queryOfPlace({ prefix: '', key: bytesOfKey(change) }));
  const { group, service } = change;
  const address = { ns, group, service };
  return change.kind === 'service' ? servicePath(address) : instancePath({ ...address, id: change.id });
}

/** Links to the service before and after a change. */
function Compare({ address, from, to }: { address: ServiceAddress; from: string; to: string }): ComponentChildren {
  const { compare } = words.value.history;
  return (
    <Link class="btn" href={diffPath(address, from, to)} aria-label={compare} title={compare}>
      ±
    </Link>
  );
}
