import type { Finding, Hint, Verdict } from '../state/why-verdict';
import { words } from '../words/words';

/** A text for each kind of fact, made from the fact. */
type Texts<Fact extends { kind: string }> = {
  [Kind in Fact['kind']]: (fact: Extract<Fact, { kind: Kind }>) => string;
};

function textOf<Fact extends { kind: string }>(texts: Texts<Fact>, fact: Fact): string {
  // `as`: the text of this kind takes the facts of this kind
  const text = texts[fact.kind as Fact['kind']] as (fact: Fact) => string;
  return text(fact);
}

/** Explains an instance: what happened, and what to look for. */
export function VerdictCard({ verdict: { state, findings, hints } }: { verdict: Verdict }) {
  const { instance: text } = words.value;
  const texts: Texts<Finding> = text.findings;
  const hintTexts: Texts<Hint> = text.hints;
  const [first, ...others] = findings;
  return (
    <section class={`card sum ${state}`}>
      <p class="big">{textOf(texts, first)}</p>
      {others.length > 0 && (
        <p>
          {text.also} {others.map((finding) => textOf(texts, finding)).join(' ')}
        </p>
      )}
      {hints.map((hint) => (
        <p key={hint.kind} class="advice">
          {textOf(hintTexts, hint)}
        </p>
      ))}
    </section>
  );
}
