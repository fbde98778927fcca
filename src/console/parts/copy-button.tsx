import { useState } from 'preact/hooks';
import { words } from '../words/words';
import { announce } from './announcer';

/** Time for which the button shows that it has copied. */
const SHOWN_MS = 2_000;

/** Copies a text to the clipboard. */
export function CopyButton({ text, label }: { text: () => string; label?: string }) {
  const [isDone, setDone] = useState(false);
  const { common } = words.value;
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    announce(common.copied);
    setDone(true);
    setTimeout(() => setDone(false), SHOWN_MS);
  };
  return (
    <button class="btn" type="button" onClick={copy}>
      {isDone ? common.copied : (label ?? common.copy)}
    </button>
  );
}
