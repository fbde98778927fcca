import { signal } from '@preact/signals';

/** Shortest time between two announcements: more would never let a screen reader finish. */
const PAUSE_MS = 5_000;

const text = signal('');
let pending: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Announces a change to screen readers. Of several within five seconds, the newest is announced. */
export function announce(message: string): void {
  if (timer !== undefined) {
    pending = message;
    return;
  }
  text.value = message;
  timer = setTimeout(() => {
    timer = undefined;
    const next = pending;
    pending = undefined;
    if (next !== undefined) announce(next);
  }, PAUSE_MS);
}

/** Holds the announcements. */
export function Announcer() {
  return (
    <div class="vh" aria-live="polite">
      {text.value}
    </div>
  );
}
