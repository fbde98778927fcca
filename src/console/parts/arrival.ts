import { useEffect, useRef } from 'preact/hooks';
import { announce } from './announcer';

/** Animation frames to wait for the heading of a page that is loaded on demand. */
const FRAMES_MAX_COUNT = 120;

/** Path that the last step back led to. */
let backTo: string | undefined;
addEventListener('popstate', () => {
  backTo = location.pathname;
});

/**
 * Sets the title of the browser's tab. When the visitor arrives at another page, it moves the focus to its heading,
 * announces its title and scrolls to its top. Not after a step back: the browser then restores the position.
 */
export function useArrival(path: string, title: string): void {
  const last = useRef(path);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    announce(title);
    // A step back may only have changed the query: then, this is a later step forward.
    if (backTo !== location.pathname) scrollTo(0, 0);
    backTo = undefined;
    return whenShown(focusHeading);
  }, [path]);
}

/** Calls a function once the page has its content. Returns the function that cancels that. */
function whenShown(act: (content: HTMLElement) => void, framesLeft = FRAMES_MAX_COUNT): () => void {
  let frame = 0;
  const look = () => {
    const content = document.getElementById('content');
    if (content !== null) act(content);
    else if (framesLeft-- > 0) frame = requestAnimationFrame(look);
  };
  frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
}

function focusHeading(content: HTMLElement): void {
  const focused = document.activeElement;
  // A menu that is used by arrow keys keeps the focus, and so does a field of the new page.
  if (focused instanceof HTMLSelectElement || content.contains(focused)) return;
  const target = content.querySelector('h1') ?? content;
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
