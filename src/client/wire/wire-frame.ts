import type { BookmarkFrame, ChangesFrame, ResetFrame, SnapshotFrame } from './frames';
import type { FieldError } from './rollcall-error';

/** One of the parts in which a large frame comes; the cursor counts at the last. */
interface Part {
  /** Counted from 0; absent where the frame is whole. */
  part?: number | undefined;
  last?: boolean | undefined;
}

/** Says which watch of a socket a frame is about. */
interface Watched {
  watch: string;
}

/** What the registry sends about a watch, as it comes: over a socket a frame, over an event stream an event. */
export type WatchWireFrame =
  | (SnapshotFrame & Watched & Part)
  | (ChangesFrame & Watched & Part)
  | (BookmarkFrame & Watched)
  | (ResetFrame & Watched);

/** What the registry sends over a socket. */
export type WireFrame =
  | WatchWireFrame
  | { type: 'mark'; mark: string }
  | { type: 'answer'; id: string; body: unknown }
  | { type: 'error'; id?: string | undefined; code: string; detail: string; errors?: FieldError[] | undefined };
