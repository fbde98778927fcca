import type { SnapshotService, WatchedChange } from './frames';
import type { FieldError } from './rollcall-error';

/** One of the parts in which a large frame comes; the cursor counts at the last. */
interface Part {
  /** Counted from 0; absent where the frame is whole. */
  part?: number | undefined;
  last?: boolean | undefined;
}

/** What the registry sends about a watch, as it comes: over a socket a frame, over an event stream an event. */
export type WatchWireFrame =
  | ({ type: 'snapshot'; watch: string; cursor: string; revision: number; services: SnapshotService[] } & Part)
  | ({
      type: 'changes';
      watch: string;
      cursor: string;
      revision: number;
      cause: string;
      actor: string;
      at: string;
      changes: WatchedChange[];
    } & Part)
  | { type: 'bookmark'; watch: string; cursor: string }
  | { type: 'reset'; watch: string; reason: string };

/** What the registry sends over a socket. */
export type WireFrame =
  | WatchWireFrame
  | { type: 'answer'; id: string; body: unknown }
  | { type: 'error'; id?: string | undefined; code: string; detail: string; errors?: FieldError[] | undefined };
