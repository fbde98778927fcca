import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { RollcallError } from '../../client/admin';
import type { Namespace, Stats } from '../../client/wire/namespace-answers';
import { Check, Field, FormDialog, Select, useCall } from '../parts/form';
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
  const submit = () => {
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
    <FormDialog
      title={`${text.edit}: ${namespace.id}`}
      act={common.save}
      error={error}
      isOff={isBusy || !isChanged}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={text.title} path="title" error={error}>
        <input value={form.title} onInput={({ currentTarget }) => setForm({ ...form, title: currentTarget.value })} />
      </Field>
      <p class="mute">{text.emptyHint}</p>
      {numbers('retention')}
      {numbers('limits')}
      {numbers('perToken')}
      {numbers('intervals')}
      <Field label={text.selfPreservation} hint={text.selfPreservationHint} path="selfPreservation" error={error}>
        <Select
          value={form.selfPreservation}
          options={[
            ['', text.byDefault(text.off)],
            ['on', text.on],
            ['off', text.off],
          ]}
          onChange={(selfPreservation) => setForm({ ...form, selfPreservation })}
        />
      </Field>
    </FormDialog>
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
  const submit = () => {
    void run(async () => {
      await ask((admin) => admin.removeNamespace({ ns, ...(force && { force }) }));
      onClose();
      onDone();
    });
  };
  return (
    <FormDialog
      title={text.removeTitle(ns)}
      act={common.remove}
      error={isRefused ? undefined : error}
      isGrave
      isOff={isBusy || typed !== ns || (isFull && !force)}
      onSubmit={submit}
      onClose={onClose}
    >
      {isRefused && (
        <p class="wrong" role="alert">
          {text.removeNotEmpty}
        </p>
      )}
      {isFull && stats && <p>{text.removeFull(common.services(stats.services), common.instances(stats.instances))}</p>}
      {isFull && (
        <Check isOn={force} onChange={setForce}>
          {text.force}
        </Check>
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
    </FormDialog>
  );
}
