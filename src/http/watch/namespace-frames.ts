import { RegistryError, type RegistryErrorCode } from '../../model/errors';
import type { ServerFrame, WatchScope } from '../../model/frames';
import { joinedName } from '../../model/service-name';

/** A frame about a watch: over an event stream, an event. */
export type WatchFrame = Extract<ServerFrame, { watch: string }>;

/** What a frame about a watch says of itself, before what it holds. */
export interface FrameHead {
  type: WatchFrame['type'];
  /** Where the watch goes on from once it has this frame; undefined where it has none, or a later part has it. */
  cursor: string | undefined;
}

const TEXT = '"(?:[^"\\\\]|\\\\.)*"';

/** How a frame that holds changes or services begins, as the core writes it: the rest may be a quarter of a megabyte. */
const HEAD = new RegExp(
  `^\\{"type":"(changes|snapshot)","watch":${TEXT},"cursor":"([\\w.-]*)","revision":\\d+` +
    `(?:,"cause":${TEXT},"actor":${TEXT},"at":${TEXT})?(?:,"part":\\d+,"last":(true|false))?,"(?:changes|services)":\\[`,
);

/**
 * Reads the head of a frame that holds changes or services, and nothing of what it holds.
 *
 * Undefined for any other frame, and for a head that another version of the object writes in another way: then the frame
 * has to be parsed, which gives the same head by {@link headOf}.
 */
export function readFrameHead(text: string): FrameHead | undefined {
  const [, type, cursor, last] = HEAD.exec(text) ?? [];
  if (type !== 'changes' && type !== 'snapshot') return undefined;
  return { type, cursor: last === 'false' ? undefined : cursor };
}

/** The head of a frame that is parsed. */
export function headOf(frame: WatchFrame): FrameHead {
  const counts = 'cursor' in frame && (!('last' in frame) || frame.last !== false);
  return { type: frame.type, cursor: counts ? frame.cursor : undefined };
}

/** Reads what a namespace sends over its socket. */
export function readNamespaceFrame(text: string): ServerFrame {
  return JSON.parse(text) as ServerFrame; // `as`: a namespace's frames are checked by its own tests
}

/** The refusal that an error frame tells of, to be thrown on this side of the socket. */
export function refusalIn({ code, detail, errors }: Extract<ServerFrame, { type: 'error' }>): RegistryError {
  // `as`: the namespace refuses with the codes that everybody refuses with.
  return new RegistryError(code as RegistryErrorCode, detail, errors && { errors });
}

/**
 * The frame that begins a watch, as text.
 *
 * @param cursor Go on from here; undefined: a snapshot first.
 */
export function watchRequest(watch: string, { groups, services }: WatchScope, cursor: string | undefined): string {
  const names = services.map(joinedName);
  return JSON.stringify({ type: 'watch', id: 'watch', watch, scope: { groups, services: names }, cursor });
}
