import { useState } from 'preact/hooks';
import { hexHead, type ShownValue, textOf } from '../state/entry-values';
import { bytes } from '../words/format';
import { words } from '../words/words';
import { More } from './form';

/** Characters of a text that are shown at first. */
const SHOWN_MAX_LENGTH = 20_000;

/** Shows a value: text as text, whatever its type, and of other bytes the first ones. */
export function EntryValue({ value }: { value: ShownValue & { bytes: number } }) {
  const { entries: text } = words.value;
  const [isWhole, setWhole] = useState(false);
  const shown = textOf(value);
  if (value.bytes === 0) return <p class="mute">{text.empty}</p>;
  const isCut = shown !== undefined && shown.length > SHOWN_MAX_LENGTH && !isWhole;
  return (
    <>
      {shown === undefined && <p>{text.binary(bytes(value.bytes))}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <pre class="mono" tabIndex={0}>
        {shown === undefined ? hexHead(value) : isCut ? `${shown.slice(0, SHOWN_MAX_LENGTH)}…` : shown}
      </pre>
      {isCut && <More onClick={() => setWhole(true)} />}
    </>
  );
}
