import { keyOf } from '../../model/entry';
import type { ServerFrame, WatchedChange } from '../../model/frames';
import { intervalOf, type KeyInterval } from '../../model/key-interval';
import type { EntryChange } from './etcd-namespace';

/** A frame with changes. */
export type ChangesFrame = Extract<ServerFrame, { type: 'changes' }>;

/** Returns keys as a frame names them. A single key is named as such: the end of its interval may be longer than a key. */
export function keysOf({ from, to }: KeyInterval): object {
  if (to === intervalOf(from).to) return { keyBase64: btoa(from) };
  return { fromBase64: btoa(from), ...(to !== undefined && { toBase64: btoa(to) }) };
}

// Frames of the same change to many watches have the same text, so the last one is kept parsed.
let lastText = '';
let lastFrame: ServerFrame | undefined;
const decoded = new WeakMap<ChangesFrame, readonly EntryChange[]>();

/** Parses a frame of the namespace. */
export function readFrame(text: string): ServerFrame {
  if (lastFrame !== undefined && text === lastText) return lastFrame;
  lastText = text;
  lastFrame = JSON.parse(text) as ServerFrame; // `as`: a namespace's frames are checked by its own tests
  return lastFrame;
}

/** Returns the changes of entries in a frame. */
export function changesIn(frame: ChangesFrame): readonly EntryChange[] {
  const known = decoded.get(frame);
  if (known !== undefined) return known;
  const changes = frame.changes.flatMap(entryChange);
  decoded.set(frame, changes);
  return changes;
}

function entryChange(change: WatchedChange): EntryChange[] {
  if (change.kind !== 'entry') return [];
  const { type, before } = change;
  return [{ type, key: keyOf(change), before, ...(change.type === 'put' && { after: change.after }) }];
}
