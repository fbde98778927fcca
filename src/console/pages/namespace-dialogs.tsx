import { useState } from 'preact/hooks';
import { RollcallError } from '../../client/admin';
import type { Namespace, Stats } from '../../client/wire/directory-answers';
import { Dialog } from '../parts/dialog';
import { Buttons, Field, useCall } from '../parts/form';
import { Link } from '../parts/link';
import { Problem } from '../parts/problem';
import { formOf, lastName, type NamespaceForm, NUMBERS, patchOf, pathsUnder } from '../state/namespace-form';
import { query, TOKENS_PATH } from '../state/paths';
import { ask } from '../state/session';
import { words } from '../words/words';

/** Edits the settings of a namespace. Only what was changed is sent. */
export function EditNamespace({
  namespace,
  onDone,
  onClose,
}: {
  namespace: Namespace;
  onDone: (namespace: Namespace) => void;
  onClose: () => void;
}) {
  const { settings: text, common } = words.value;
  const { error, isBusy, run } = useCall();
  const [form, setForm] = useState<NamespaceForm>(() => formOf(namespace));
  const body = patchOf(namespace, form);
  const isChanged = Object.keys(body).length > 0;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!isChanged) return onClose();
    void run(async () => {
      onDone(await ask((admin) => admin.patchNamespace({ ns: namespace.id, body })));
      onClose();
    });
  };
  const numbers = (group: 'retention' | 'limits' | 'perToken' | 'intervals') => (
    <fieldset class="grant">
      <legend>{text[group]}</legend>
      <div class="pair">
        {pathsUnder(group === 'perToken' ? 'limits.perToken' : group).map((path) => {
          const unit = NUMBERS[path]?.unit ?? 'count';
          const label = [text.numbers[lastName(path)], text.units[unit]].filter(Boolean).join(', ');
          return (
            <Field key={path} label={label} path={path} error={error}>
              <input
                type="number"
                min="0"
                step={unit === 'count' ? 1 : 'any'}
                value={form.numbers[path]}
                onInput={({ currentTarget }) =>
                  setForm({ ...form, numbers: { ...form.numbers, [path]: currentTarget.value } })
                }
              />
            </Field>
          );
        })}
      </div>
    </fieldset>
  );
  return (
    <Dialog title={`${text.edit}: ${namespace.id}`} onClose={onClose}>
      <form onSubmit={submit}>
        {error !== undefined && <Problem error={error} />}
        <Field label={text.title} path="title" error={error}>
          <input value={form.title} onInput={({ currentTarget }) => setForm({ ...form, title: currentTarget.value })} />
        </Field>
        <p class="mute">{text.emptyHint}</p>
        {numbers('retention')}
        {numbers('limits')}
        {numbers('perToken')}
        {numbers('intervals')}
        <Field label={text.selfPreservation} hint={text.selfPreservationHint} path="selfPreservation" error={error}>
          <select
            value={form.selfPreservation}
            onChange={({ currentTarget }) =>
              setForm({ ...form, selfPreservation: (['', 'on', 'off'] as const)[currentTarget.selectedIndex] ?? '' })
            }
          >
            <option value="">{text.byDefault(text.off)}</option>
            <option value="on">{text.on}</option>
            <option value="off">{text.off}</option>
          </select>
        </Field>
        <Buttons isBusy={isBusy || !isChanged} act={common.save} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/** Removes a namespace, once its name was typed; with everything in it only if that is asked for. */
export function RemoveNamespace({
  ns,
  stats,
  onDone,
  onClose,
}: {
  ns: string;
  stats: Stats | undefined;
  onDone: () => void;
  onClose: () => void;
}) {
  const { settings: text, common, titles } = words.value;
  const { error, isBusy, run } = useCall();
  const [typed, setTyped] = useState('');
  const [force, setForce] = useState(false);
  const isRefused = error instanceof RollcallError && error.code === 'CONFLICT';
  const isFull = isRefused || (stats !== undefined && stats.instances + stats.services > 0);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void run(async () => {
      await ask((admin) => admin.removeNamespace({ ns, ...(force && { force }) }));
      onClose();
      onDone();
    });
  };
  return (
    <Dialog title={text.removeTitle(ns)} onClose={onClose}>
      <form onSubmit={submit}>
        {error !== undefined && !isRefused && <Problem error={error} />}
        {isRefused && (
          <p class="wrong" role="alert">
            {text.removeNotEmpty}
          </p>
        )}
        {isFull && stats && (
          <p>{text.removeFull(common.services(stats.services), common.instances(stats.instances))}</p>
        )}
        {isFull && (
          <label class="check">
            <input type="checkbox" checked={force} onChange={({ currentTarget }) => setForce(currentTarget.checked)} />
            {text.force}
          </label>
        )}
        <p>
          {text.removeTokens}{' '}
          <Link class="link" href={TOKENS_PATH + query({ q: ns })}>
            {titles.tokens}
          </Link>
        </p>
        <Field label={text.removeLead}>
          <input
            class="mono"
            value={typed}
            placeholder={ns}
            autocomplete="off"
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </Field>
        <Buttons isBusy={isBusy || typed !== ns || (isFull && !force)} act={common.remove} isGrave onClose={onClose} />
      </form>
    </Dialog>
  );
}
