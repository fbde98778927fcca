import { RegistryError, type RegistryErrorCode } from '../../model/errors';
import type { ServerFrame, WatchScope } from '../../model/frames';
import { keyScopeOf } from '../../model/key-scope';
import { joinedName } from '../../model/service-name';

/** A frame of a watch; an event stream sends it as an event. */
export type WatchFrame = Extract<ServerFrame, { watch: string }>;

/** Head of a watch frame: everything before its records. */
export interface FrameHead {
  type: WatchFrame['type'];
  /** Cursor to resume from after this frame; undefined if it has none, or if a later part has it. */
  cursor: string | undefined;
}

const TEXT = '"(?:[^"\\\\]|\\\\.)*"';

/** Start of a frame with changes or services, as the core writes it: the rest may be a quarter of a megabyte. */
const HEAD = new RegExp(
  `^\\{"type":"(changes|snapshot)","watch":${TEXT},"cursor":"([\\w.-]*)","revision":\\d+` +
    `(?:,"cause":${TEXT},"actor":${TEXT},"at":${TEXT})?(?:,"part":\\d+,"last":(true|false))?,"(?:changes|services)":\\[`,
);

/**
 * Reads the head of a frame with changes or services, without parsing the records.
 *
 * Returns undefined for any other frame, and for a head in the format of another version of the object: then the frame
 * has to be parsed, and {@link headOf} returns the same head.
 */
export function readFrameHead(text: string): FrameHead | undefined {
  const [, type, cursor, last] = HEAD.exec(text) ?? [];
  if (type !== 'changes' && type !== 'snapshot') return undefined;
  return { type, cursor: last === 'false' ? undefined : cursor };
}

/** Returns the head of a parsed frame. */
export function headOf(frame: WatchFrame): FrameHead {
  const counts = 'cursor' in frame && (!('last' in frame) || frame.last !== false);
  return { type: frame.type, cursor: counts ? frame.cursor : undefined };
}

/** Parses a frame that a namespace sends over its socket. */
export function readNamespaceFrame(text: string): ServerFrame {
  return JSON.parse(text) as ServerFrame; // `as`: a namespace's frames are checked by its own tests
}

/** Converts an error frame to an error to throw on this side of the socket. */
export function refusalIn(frame: Extract<ServerFrame, { type: 'error' }>): RegistryError {
  const { code, detail, errors, compactedRevision } = frame;
  const details = { ...(errors && { errors }), ...(compactedRevision !== undefined && { compactedRevision }) };
  // `as`: the namespace uses the same codes as everything else.
  return new RegistryError(code as RegistryErrorCode, detail, details);
}

/** Options of a watch. */
export interface WatchRequest {
  scope: WatchScope;
  /** Cursor to resume from; undefined: start with a snapshot. */
  cursor?: string | undefined;
  /** In place of the cursor: only changes after this revision, and never a snapshot. */
  afterRevision?: number | undefined;
  /** In place of the cursor: true for changes after the newest revision, and never a snapshot. */
  fromNow?: boolean | undefined;
  /** True if no drain waits for this watch. Absent from the frame otherwise: an earlier version does not know it. */
  observer?: boolean | undefined;
  /** True if frames of changes have the counts of their services. Absent from the frame otherwise, too. */
  counts?: boolean | undefined;
  /** True if changes of entries have the entry before them. Absent from the frame otherwise, too. */
  previous?: boolean | undefined;
}

/** Returns the frame that starts a watch, as text. */
export function watchRequest(watch: string, request: WatchRequest): string {
  const { scope, cursor, afterRevision, fromNow, observer, counts, previous } = request;
  const { groups, services, keys } = scope;
  const names = { groups, services: services.map(joinedName), keys: keys?.map(keyScopeOf) };
  const options = { observer: observer || undefined, counts: counts || undefined, previous: previous || undefined };
  const start = { cursor, afterRevision, fromNow: fromNow || undefined };
  return JSON.stringify({ type: 'watch', id: 'watch', watch, scope: names, ...start, ...options });
}
