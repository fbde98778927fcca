import type { ComponentChildren, JSX } from 'preact';
import type { State } from '../state/instance-state';
import { words } from '../words/words';

/** Shapes of the states in a box of 12 by 12. Colour alone never carries a meaning. */
const SHAPES: Record<State, JSX.Element> = {
  gone: <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" />,
  draining: <path d="M.8 2h10.4L6 11z" fill="currentColor" />,
  quarantined: (
    <>
      <rect x="1.25" y="1.25" width="9.5" height="9.5" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M2 10 10 2" stroke="currentColor" stroke-width="1.5" />
    </>
  ),
  unhealthy: <path d="M6 .4 11.6 6 6 11.6.4 6z" fill="currentColor" />,
  starting: (
    <>
      <circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M6 1.5A4.5 4.5 0 0 1 6 10.5z" fill="currentColor" />
    </>
  ),
  out: <path d="M1 6h10" stroke="currentColor" stroke-width="2.5" />,
  up: <circle cx="6" cy="6" r="5" fill="currentColor" />,
};

/** Shows the shape of a state, without a word. */
export function StateShape({ state }: { state: State }) {
  return (
    <svg class={`shape ${state}`} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[state]}
    </svg>
  );
}

/**
 * Shows a state: its shape and its word, or the given text.
 *
 * @param isCalm True: nothing needs attention, so the text is neither bold nor coloured.
 */
export function StateMark({
  state,
  isCalm = false,
  children,
}: {
  state: State;
  isCalm?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <span class={`st ${state}${isCalm ? ' calm' : ''}`}>
      <StateShape state={state} />
      <span>{children ?? words.value.states[state]}</span>
    </span>
  );
}
