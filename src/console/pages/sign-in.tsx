import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { RollcallError } from '../../client/admin';
import { announce } from '../parts/announcer';
import { Icon } from '../parts/icon';
import { Preferences } from '../parts/preferences';
import { Problem, Skeleton } from '../parts/problem';
import { tokenIn } from '../state/credential';
import { forget, resuming, signedOut, signIn } from '../state/session';
import { duration } from '../words/format';
import { words } from '../words/words';

/** Asks for a token. */
export function SignIn() {
  const { signIn: text, common } = words.value;
  const [error, setError] = useState<ComponentChildren>();
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const reason = signedOut.value;
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    // Those of the session before name what it showed.
    document.title = text.title;
    announce(text.title);
  }, [text.title]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    // `as`: the event comes from this form
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const token = tokenIn(String(form.get('token')));
    if (token === undefined) return setError(<Refusal>{text.malformed}</Refusal>);
    setBusy(true);
    setError(undefined);
    try {
      await signIn(token, form.get('keep') !== null);
    } catch (failure) {
      setError(<Failure error={RollcallError.from(failure, text.title)} />);
      setBusy(false);
    }
  };
  return (
    <Card>
      <form onSubmit={submit}>
        {error ?? (reason && <Refusal isBad={reason !== 'signed-out'}>{text.reasons[reason]}</Refusal>)}
        <label>
          {common.token}
          <input
            class="find mono"
            ref={field}
            name="token"
            type="password"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
          />
        </label>
        <label class="check">
          <input name="keep" type="checkbox" /> {text.keep}
        </label>
        <button class="btn main" type="submit" disabled={isBusy}>
          {text.submit}
        </button>
        <p class="mute">
          {text.hint} <code>rollcall console</code>
        </p>
      </form>
    </Card>
  );
}

/** Shows that the page signs in by a link or a stored token, and why that takes long. */
export function Resuming() {
  const { signIn: text } = words.value;
  const error = resuming.value?.error;
  // Nothing until it takes long: most often, the page follows at once.
  if (error === undefined)
    return (
      <main class="sign-in" id="content">
        <Skeleton />
      </main>
    );
  return (
    <Card>
      <Failure error={error} />
      {error.isPassing && <p role="status">{text.repeats}</p>}
      <button class="btn" type="button" onClick={() => forget('signed-out')}>
        {text.other}
      </button>
    </Card>
  );
}

function Card({ children }: { children: ComponentChildren }) {
  return (
    <main class="sign-in" id="content">
      <div class="card">
        <h1>
          <Icon name="rollcall" /> {words.value.signIn.title}
        </h1>
        {children}
      </div>
      <div class="tools">
        <Preferences />
      </div>
    </main>
  );
}

function Refusal({ isBad = true, children }: { isBad?: boolean; children: ComponentChildren }) {
  return (
    <p class={`card note${isBad ? ' bad' : ''}`} role={isBad ? 'alert' : 'status'}>
      {children}
    </p>
  );
}

function Failure({ error }: { error: RollcallError }) {
  const { signIn: text } = words.value;
  if (error.code === 'UNAUTHENTICATED') return <Refusal>{text.refused}</Refusal>;
  if (error.code === 'LIMIT_EXCEEDED') return <Refusal>{text.limited(duration(error.retryAfterMs ?? 60_000))}</Refusal>;
  return <Problem error={error} />;
}
