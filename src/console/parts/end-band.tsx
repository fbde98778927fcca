import type { EndLeg, InstanceEnd } from '../state/instance-end';
import { clock, moment } from '../words/format';
import { words } from '../words/words';

/** Share of the width of what came before the end, in percent. */
const BEFORE = 44;

/** End of the last leg, in percent; the removal is shown beside it. */
const RIGHT = 96;

/** Least share of a leg, in percent: its label must fit. */
const LEG_MIN = 16;

/** Shows how an instance ended: a band on wide screens, a list on narrow ones. */
export function EndBand({
  id,
  end,
  longestIntervalMs,
}: {
  id: string;
  end: InstanceEnd;
  longestIntervalMs: number | undefined;
}) {
  const { end: text } = words.value.instance;
  const { legs, removedAt, isComing } = end;
  const labels = legs.map((leg) =>
    leg.kind === 'up'
      ? longestIntervalMs
        ? text.upPace(longestIntervalMs)
        : text.up
      : text[leg.kind](leg.until - (leg.from ?? leg.until)),
  );
  const isDrain = legs.at(-1)?.kind === 'draining';
  const last = isComing ? (isDrain ? text.drainDue : text.due) : text.removed;
  const sentence = [
    ...legs.map((leg, index) => `${labels[index]}${leg.kind === 'up' ? ` ${text.until(leg.until)}` : ''}`),
    ...(removedAt === undefined ? [] : [`${last} ${moment(removedAt)}`]),
  ];
  const edges = edgesOf(legs);
  return (
    <>
      <svg class="end-band" role="img" aria-label={`${id}: ${sentence.join('; ')}`}>
        <defs>
          <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <path class="line" d="M0 0v7" />
          </pattern>
        </defs>
        {legs.map(({ kind, from }, index) => {
          const x = edges[index] ?? 0;
          const width = `${(edges[index + 1] ?? RIGHT) - x}%`;
          return (
            <g key={kind}>
              <text x={`${x}%`} y="14">
                {labels[index]}
              </text>
              <rect class={kind} x={`${x}%`} y="24.5" width={width} height="25" />
              {kind !== 'up' && from !== undefined && (
                <Mark at={x} anchor="middle" text={`${clock(from)} ${text.starts[kind]}`} />
              )}
            </g>
          );
        })}
        {removedAt !== undefined && (
          <Mark at={RIGHT} anchor="end" isComing={isComing} text={`${clock(removedAt)} ${last}`} />
        )}
        {!isComing && (
          <svg class="gone" x={`${RIGHT + 1}%`} y="28" width="18" height="18" viewBox="0 0 12 12" aria-hidden="true">
            <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" />
          </svg>
        )}
      </svg>
      <ol class="legs">
        {legs.map(({ kind, until }, index) => (
          <li key={kind}>
            <svg viewBox="0 0 28 14" aria-hidden="true">
              <rect class={kind} x=".5" y=".5" width="27" height="13" />
              {kind === 'unhealthy' && <path class="line" d="m3 13 8-12m-1 12 8-12m-1 12 8-12" />}
            </svg>
            <span>{labels[index]}</span>
            {kind === 'up' && <b>{text.until(until)}</b>}
          </li>
        ))}
        {removedAt !== undefined && (
          <li>
            <svg class="gone" viewBox="0 0 28 14" aria-hidden="true">
              <path d="m9 2 10 10m0-10L9 12" stroke="currentColor" stroke-width="2.5" />
            </svg>
            <span>{last}</span>
            <b>{moment(removedAt)}</b>
          </li>
        )}
      </ol>
    </>
  );
}

function Mark({
  at,
  anchor,
  text,
  isComing = false,
}: {
  at: number;
  anchor: 'middle' | 'end';
  text: string;
  isComing?: boolean;
}) {
  return (
    <>
      <line class={`mark${isComing ? ' coming' : ''}`} x1={`${at}%`} x2={`${at}%`} y1="20" y2="58" />
      <text class="k" x={`${at}%`} y="74" text-anchor={anchor}>
        {text}
      </text>
    </>
  );
}

/** Returns where each leg starts, and the last one ends, in percent. Long legs are wider, but none is too narrow. */
function edgesOf([, ...legs]: readonly EndLeg[]): number[] {
  if (legs.length === 0) return [0, RIGHT];
  const spare = RIGHT - BEFORE - LEG_MIN * legs.length;
  const lengths = legs.map(({ from = 0, until }) => Math.max(1, until - from));
  const all = lengths.reduce((sum, each) => sum + each, 0);
  const edges = [0, BEFORE];
  for (const length of lengths) edges.push((edges.at(-1) ?? 0) + LEG_MIN + (spare * length) / all);
  return edges;
}
