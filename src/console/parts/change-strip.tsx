import { binsOf } from '../state/change-lines';
import { moment } from '../words/format';
import { words } from '../words/words';

const WIDTH = 720;
const HEIGHT = 40;
const BINS = 72;

/** Shortest range of a bar that can be opened. */
const NARROW_MIN_MS = 1_000;

/**
 * Shows when changes were made, as a strip of bars. The fields for the range do the same as a click on a bar.
 *
 * @param times In milliseconds since the epoch.
 * @param loadedFrom Time of the oldest change that has been loaded, if there are older ones.
 */
export function ChangeStrip({
  times,
  from,
  to,
  loadedFrom,
  onNarrow,
}: {
  times: readonly number[];
  from: number;
  to: number;
  loadedFrom: number | undefined;
  onNarrow: (from: number, to: number) => void;
}) {
  const { history: text } = words.value;
  const bins = binsOf(times, from, to, BINS);
  const most = Math.max(...bins);
  if (most === 0 || to <= from) return null;
  const width = (to - from) / BINS;
  const scale = (HEIGHT - 2) / Math.sqrt(most);
  const timeOf = (index: number) => Math.round(from + index * width);
  const unloaded = loadedFrom === undefined ? 0 : ((loadedFrom - from) / (to - from)) * WIDTH;
  const label = text.strip(text.changes(times.length), moment(from), moment(to));
  const narrow = ({ currentTarget, clientX }: { currentTarget: SVGElement; clientX: number }) => {
    const { left, width: whole } = currentTarget.getBoundingClientRect();
    const index = Math.min(BINS - 1, Math.max(0, Math.floor(((clientX - left) / whole) * BINS)));
    // A bar is thin, so the next one with changes is meant.
    const near = [0, -1, 1].map((step) => index + step).find((each) => (bins[each] ?? 0) > 0);
    if (near !== undefined && width >= NARROW_MIN_MS) onNarrow(timeOf(near), timeOf(near + 1));
  };
  return (
    <figure class="card strip">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the fields for the range do the same */}
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label} onClick={narrow}>
        {unloaded > 0 && <rect class="o" width={unloaded} height={HEIGHT} />}
        {bins.map((value, index) => {
          if (value === 0) return null;
          // The square root keeps a single change visible beside a burst.
          const height = Math.max(3, Math.sqrt(value) * scale);
          const x = (index * WIDTH) / BINS;
          return <rect key={x} class="a" x={x + 1} y={HEIGHT - height} width={WIDTH / BINS - 2} height={height} />;
        })}
      </svg>
      <figcaption class="mute">
        <span>{moment(from)}</span>
        <span>{moment(to)}</span>
      </figcaption>
    </figure>
  );
}
