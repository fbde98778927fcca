import type { BookmarkFrame, ChangesFrame, ResetFrame, SnapshotFrame } from './frames';
import type { FieldError } from './rollcall-error';

/** Position of a part of a large frame; only the cursor of the last part counts. */
interface Part {
  /** Counted from 0; absent if the frame is whole. */
  part?: number | undefined;
  last?: boolean | undefined;
}

/** Names the watch of a frame. */
interface Watched {
  watch: string;
}

/** A frame of a watch as received: over a socket as a frame, over an event stream as an event. */
export type WatchWireFrame =
  | (SnapshotFrame & Watched & Part)
  | (ChangesFrame & Watched & Part)
  | (BookmarkFrame & Watched)
  | (ResetFrame & Watched);

/** Any frame that the registry sends over a socket. */
export type WireFrame =
  | WatchWireFrame
  | { type: 'mark'; mark: string }
  | { type: 'answer'; id: string; body: unknown }
  | { type: 'error'; id?: string | undefined; code: string; detail: string; errors?: FieldError[] | undefined };
