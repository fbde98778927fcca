import { revisionOf, type StreamHistory } from '../watch/histories/stream-history';
import { htmlText } from './html-text';

const LANE_PX = 40;
const NAME_PX = 260;
const FRAME_PX = 64;

/** Frames drawn on each side of the first revision that a problem names. */
const FRAMES_AROUND_COUNT = 10;

/** A problem with the frames that a watcher received. */
export interface WatchProblem {
  guarantee: string;
  /** Begins with the name of the stream. */
  what: string;
}

/**
 * Draws the streams with problems: a lane for each socket with its frames in the order of arrival, around the revision that
 * the first problem names.
 */
export function watchPicture(streams: readonly StreamHistory[], problems: readonly WatchProblem[]): string {
  return streams
    .flatMap((stream) => {
      const own = problems.filter(({ what }) => what.startsWith(`${stream.name}:`));
      return own.length === 0 ? [] : [section(stream, own)];
    })
    .join('\n');
}

function section(stream: StreamHistory, problems: readonly WatchProblem[]): string {
  const named = problems.flatMap(({ what }) => /\b(?:revision|at) (\d+)/.exec(what)?.[1] ?? []).map(Number);
  const [focus = 0] = named;
  const links = stream.links.map(({ received }) => received.map((frame) => frameOf(frame, named)));
  const lanes = links
    .map((frames, number) => ({ number, frames: around(frames, focus) }))
    .filter(({ frames }) => frames.length > 0);
  const width = NAME_PX + FRAME_PX * (2 * FRAMES_AROUND_COUNT + 1);
  const drawn = lanes.map(({ number, frames }, lane) => {
    const y = lane * LANE_PX;
    const name = `<text x="4" y="${y + 24}">${htmlText(stream.name)}, socket ${number + 1}</text>`;
    return name + frames.map((frame, index) => box(frame, NAME_PX + index * FRAME_PX, y)).join('');
  });
  const list = problems.map(({ guarantee, what }) => `<li>${guarantee}: ${htmlText(what)}</li>`).join('\n');
  return `<h2>${htmlText(stream.name)}</h2>
<ul>
${list}
</ul>
<svg width="${width}" height="${lanes.length * LANE_PX}">
${drawn.join('\n')}
</svg>`;
}

interface Frame {
  label: string;
  revision: number;
  isNamed: boolean;
}

function frameOf(frame: StreamHistory['links'][number]['received'][number], named: readonly number[]): Frame {
  if (frame.type === 'reset') return { label: `reset ${frame.reason}`, revision: 0, isNamed: false };
  const revision = revisionOf(frame.cursor);
  const part = frame.type === 'bookmark' || (frame.part === 0 && frame.last) ? '' : `/${frame.part}`;
  return { label: `${frame.type.slice(0, 4)} ${revision}${part}`, revision, isNamed: named.includes(revision) };
}

/** Returns the frames around the first that is as new as a revision; none if the socket was closed before. */
function around(frames: readonly Frame[], revision: number): Frame[] {
  const index = frames.findIndex((frame) => frame.revision >= revision);
  if (index < 0) return [];
  return frames.slice(Math.max(0, index - FRAMES_AROUND_COUNT), index + FRAMES_AROUND_COUNT + 1);
}

function box({ label, isNamed }: Frame, x: number, y: number): string {
  return `<rect class="${isNamed ? 'stuck' : 'ordered'}" x="${x}" y="${y + 8}" width="${FRAME_PX - 4}" height="24" rx="3"/>
<text x="${x + 3}" y="${y + 24}">${htmlText(label)}</text>`;
}
