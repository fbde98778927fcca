import { CLOSE_CODES } from '../model/frames';
import type { NamespaceSettings } from '../model/namespace';
import { scheduleCompaction } from './commit';
import { writeSettings } from './settings';
import type { NamespaceState } from './state';
import { turn } from './turn';
import type { Hub } from './watch/hub';

/** What the directory does to a namespace that is there. */

/** Changes its settings: durable, and in effect at once. */
export function configure(state: NamespaceState, settings: NamespaceSettings): Promise<void> {
  return turn(state, undefined, (now) => {
    if (!state.settings.replace(settings)) return;
    state.pipeline.enqueue(() => writeSettings(state.platform.storage, settings));
    scheduleCompaction(state, now);
  });
}

/** Ends it: whoever watches or waits is let go, and nothing is written from then on. */
export async function end(state: NamespaceState, hub: Hub): Promise<void> {
  for (const { connection } of hub.peers()) {
    hub.dismiss(connection, CLOSE_CODES.namespaceGone, 'the namespace has been deleted');
  }
  state.receipts.end();
  try {
    await state.pipeline.settled();
  } catch {
    // What could not be made durable is erased all the same.
  }
  state.pipeline.close();
}
