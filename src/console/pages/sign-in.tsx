import { useState } from 'preact/hooks';
import { RollcallError } from '../../client/admin';
import { Icon } from '../parts/icon';
import { Problem } from '../parts/problem';
import { signedOut, signIn } from '../state/session';
import { words } from '../words/words';

/** Asks for a token. */
export function SignIn() {
  const { signIn: text, problem } = words.value;
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const reason = signedOut.value;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    // `as`: the event comes from this form
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const token = String(form.get('token')).trim();
    if (token === '') return;
    setBusy(true);
    setError(undefined);
    try {
      await signIn(token, form.get('keep') !== null);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const isRefused = error !== undefined && RollcallError.from(error, problem.title).code === 'UNAUTHENTICATED';
  return (
    <main class="sign-in" id="content">
      <form class="card" onSubmit={submit}>
        <h1>
          <Icon name="rollcall" /> {text.title}
        </h1>
        {isRefused || (error === undefined && reason !== undefined) ? (
          <p class="note bad" role="alert">
            {text.reasons[isRefused ? 'refused' : (reason ?? 'refused')]}
          </p>
        ) : (
          error !== undefined && <Problem error={error} />
        )}
        <label>
          {text.token}
          <input class="find mono" name="token" type="password" autocomplete="off" spellcheck={false} required />
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
    </main>
  );
}
