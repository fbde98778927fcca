import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { HistoryEntry } from '../../client/wire/history-answers';
import { linesOf } from '../state/change-lines';
import { HistoryList } from '../state/history-list';
import { setQuery, useQuery } from '../state/location';
import {
  indexAfterKey,
  indexAt,
  marksOf,
  nearestTo,
  type PastMark,
  type PastPoint,
  placesOf,
} from '../state/past-points';
import type { ServiceAddress } from '../state/paths';
import { registryNow } from '../state/registry-clock';
import { ask } from '../state/session';
import { fullTime, moment } from '../words/format';
import { words } from '../words/words';
import { sentenceOf } from './change-sentence';

/** Shortest time between two reads of new marks. */
const PAUSE_MS = 2_000;

/** Pause of a movement after which its moment is shown. */
const SETTLED_MS = 150;

/** Changes that are searched for the moment of the address. */
const SEARCHED_MAX_COUNT = 2_000;

const WIDTH = 1_000;

/**
 * A slider over the changes of a service, which sets `at` in the address to the moment right after one of them. At its right
 * end, the page shows the present.
 */
export function PastSlider({ address }: { address: ServiceAddress }) {
  const { ns, group, service } = address;
  const at = useQuery().get('at') ?? undefined;
  const key = JSON.stringify(address);
  const list = useMemo(() => new HistoryList({ ns, group, service }, PAUSE_MS, 1), [key]);
  useEffect(() => () => list.close(), [list]);
  return <Slider key={key} address={address} list={list} at={at} />;
}

function Slider({ address, list, at }: { address: ServiceAddress; list: HistoryList; at: string | undefined }) {
  const { history, common } = words.value;
  const text = history.past;
  const parts = list.parts.value;
  const marks = useMemo(() => marksOf(parts.flat()), [parts]);
  const seen = useMoment(address, at, marks, list.isReady.value);
  const [dragged, setDragged] = useState<number>();
  const settling = useRef<ReturnType<typeof setTimeout>>();

  const pending = list.pending.value;
  useEffect(() => {
    // The marks stay where they are while the past is shown.
    if (at === undefined && pending.length > 0) list.showPending();
  }, [at, pending, list]);
  const found = seen === undefined ? undefined : indexAt(marks, seen.revision);
  const hasMore = list.hasMore.value;
  useEffect(() => {
    if (found === -1 && hasMore && marks.length < SEARCHED_MAX_COUNT) void list.more();
  }, [found, hasMore, marks, list]);

  const places = useMemo(() => placesOf(marks, registryNow()), [marks]);
  const last = marks.length;
  const index = dragged ?? (at === undefined ? last : (found ?? last));
  const mark = marks[index];
  const place = places[index] ?? (index < 0 ? 0 : 1);

  const show = (wanted: number) => {
    clearTimeout(settling.current);
    setDragged(undefined);
    setQuery({ at: marks[Math.max(0, wanted)]?.cursor });
  };
  const drag = (value: number) => {
    const wanted = nearestTo(value / WIDTH, places);
    setDragged(wanted);
    clearTimeout(settling.current);
    settling.current = setTimeout(() => show(wanted), SETTLED_MS);
  };
  useEffect(() => () => clearTimeout(settling.current), []);
  const onKeyDown = (event: KeyboardEvent) => {
    const wanted = indexAfterKey(event.key, index, last);
    if (wanted === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    show(wanted);
  };

  // Between two changes, a moment is not that of its mark.
  const time = dragged === undefined ? (seen?.at ?? mark?.at) : mark?.at;
  const change = mark && changeOf(mark.entry);
  const value =
    time === undefined || index === last
      ? text.atNow(last)
      : change === undefined
        ? moment(time)
        : text.value(moment(time), change);
  const isPast = at !== undefined || index < last;
  return (
    <section class={isPast ? 'past then' : 'past'} aria-label={text.label}>
      <div class="slide">
        <button
          class="btn"
          type="button"
          data-past-prev
          title={text.previous}
          disabled={index <= 0 && !hasMore}
          onClick={() => (index > 0 ? show(index - 1) : void list.more())}
        >
          <span aria-hidden="true">‹</span>
          <span class="vh">{text.previous}</span>
        </button>
        <div class="track">
          <svg viewBox={`0 0 ${WIDTH} 12`} preserveAspectRatio="none" aria-hidden="true">
            <path d={places.map((each) => `M${(each * WIDTH).toFixed(1)} 0v12`).join('')} />
          </svg>
          <input
            type="range"
            min={0}
            max={WIDTH}
            step="any"
            value={place * WIDTH}
            disabled={last === 0}
            aria-label={text.label}
            aria-valuetext={value}
            onInput={({ currentTarget }) => drag(currentTarget.valueAsNumber)}
            onKeyDown={onKeyDown}
          />
        </div>
        <button
          class="btn"
          type="button"
          data-past-next
          title={text.next}
          disabled={index >= last}
          onClick={() => show(index + 1)}
        >
          <span aria-hidden="true">›</span>
          <span class="vh">{text.next}</span>
        </button>
        <button class="btn" type="button" data-past-now disabled={at === undefined} onClick={() => show(last)}>
          {common.now}
        </button>
      </div>
      <p role="status">
        {isPast && (
          <>
            {time !== undefined && <b title={fullTime(time)}>{text.sees(moment(time))}</b>}{' '}
            <span>{list.isReady.value ? change : text.loading}</span>{' '}
            <span class="mute">{words.value.service.actsOff}</span>{' '}
            {index <= 0 && list.reach.value !== undefined && history.reach(moment(list.reach.value))}
          </>
        )}
      </p>
    </section>
  );
}

/** Returns what an entry changed, in words. */
function changeOf(entry: HistoryEntry): string {
  const [line] = linesOf([entry], undefined);
  if (line === undefined) return '';
  return entry.changes.length === 1 ? sentenceOf(line) : words.value.history.changes(entry.changes.length);
}

/**
 * Returns the revision and the time of the moment in the address; undefined while it is not known, and if the registry
 * refuses it, which the page shows.
 */
function useMoment(
  { ns, group, service }: ServiceAddress,
  at: string | undefined,
  marks: readonly PastMark[],
  isReady: boolean,
): PastPoint | undefined {
  const [read, setRead] = useState<PastPoint & { point: string }>();
  const known = marks.find(({ cursor }) => cursor === at);
  const isUnknown = isReady && at !== undefined && known === undefined && read?.point !== at;
  useEffect(() => {
    if (!isUnknown) return;
    const reading = new AbortController();
    const { signal } = reading;
    // The difference from itself is empty, and has the time of the moment.
    ask((admin) => admin.diffService({ ns, group, service, from: at, to: at, limit: 1, signal })).then(
      ({ from }) => !signal.aborted && setRead({ point: at, revision: from.revision, at: Date.parse(from.at) }),
      () => {},
    );
    return () => reading.abort();
  }, [isUnknown, at, ns, group, service]);
  return known ?? (read?.point === at ? read : undefined);
}
