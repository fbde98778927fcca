import { useState } from 'preact/hooks';
import { words } from '../words/words';
import { announce } from './announcer';

/** Time for which the button shows that it has copied. */
const SHOWN_MS = 2_000;

/** Copies a text to the clipboard. */
export function CopyButton({ text, label }: { text: () => string; label?: string }) {
  const [outcome, setOutcome] = useState<string>();
  const { common } = words.value;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      // Without TLS, or if the visitor refuses.
      announce(common.copyFailed);
      setOutcome(common.copyFailed);
      return;
    }
    announce(common.copied);
    setOutcome(common.copied);
    setTimeout(() => setOutcome(undefined), SHOWN_MS);
  };
  return (
    <button class="btn" type="button" onClick={copy}>
      {outcome ?? label ?? common.copy}
    </button>
  );
}
