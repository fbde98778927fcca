import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { utf8ByteString, utf8Of } from '../../model/bytes';
import { intervalOf } from '../../model/key-interval';
import { announce } from '../parts/announcer';
import { EntryValue } from '../parts/entry-value';
import { Field, FormDialog, useCall } from '../parts/form';
import { deleteEntry, putEntry, useSeen } from '../state/entry-acts';
import { keyTitle, queryOfPlace } from '../state/entry-keys';
import type { KnownEntry } from '../state/entry-list';
import { textOf, withBreaksOf } from '../state/entry-values';
import { connection } from '../state/live-feed';
import { entriesPath } from '../state/paths';
import { may } from '../state/session';
import { count } from '../words/format';
import { words } from '../words/words';

interface EntryDialog {
  ns: string;
  /** Key, one character a byte. */
  id: string;
  /** The entry as it was when the dialog opened; undefined: there was none. */
  seen: KnownEntry | undefined;
  /** The entry now. */
  current: KnownEntry | undefined;
  onClose: () => void;
}

/** Shows the entry that another client has put in place of the one that was read, or that it is gone. */
function Conflict({ entry, act, onAct }: { entry: KnownEntry | undefined; act: string; onAct: () => void }) {
  const { entries: text } = words.value;
  return (
    <div class="note bad conflict" role="alert">
      <p class="big">{entry === undefined ? text.gone : text.changed(count(entry.revision))}</p>
      {entry !== undefined && <EntryValue value={entry} />}
      <button class="btn" type="button" onClick={onAct}>
        {act}
      </button>
    </div>
  );
}

/** Changes the value of an entry, if it is still the one that was read; creates it if there was none. */
export function EditEntry({ ns, id, seen: first, current, isNew, onClose }: EntryDialog & { isNew: boolean }) {
  const { entries: text, common } = words.value;
  const { error, isBusy, run } = useCall();
  const { seen, now, isOther, accept, setRefusal } = useSeen(first, current);
  const before = (first && textOf(first)) ?? '';
  const [value, setValue] = useState(before);
  const [type, setType] = useState(first?.contentType ?? '');
  const isConflict = isOther && !isBusy;
  const submit = () =>
    void run(async () => {
      const content = { value: withBreaksOf(before, value), contentType: type.trim() || undefined };
      const outcome = await putEntry(ns, id, seen, content);
      if (!outcome.isMade) return setRefusal(outcome);
      announce(text.saved(keyTitle(id)));
      onClose();
    });
  return (
    <FormDialog
      title={`${isNew ? text.create : text.edit}: ${keyTitle(id)}`}
      act={common.save}
      error={error}
      isOff={isBusy || isOther || connection.value.state === 'lost'}
      onSubmit={submit}
      onClose={onClose}
    >
      {isConflict && <Conflict entry={now} act={text.keepMine} onAct={accept} />}
      <Content value={value} onValue={setValue} type={type} onType={setType} error={error} />
      {first?.lease !== undefined && <p class="mute">{text.keepsLease}</p>}
    </FormDialog>
  );
}

function Content({
  value,
  onValue,
  type,
  onType,
  error,
}: {
  value: string;
  onValue: (value: string) => void;
  type: string;
  onType: (type: string) => void;
  error: unknown;
}) {
  const { entries: text } = words.value;
  return (
    <>
      <Field label={text.value} path="then.0.value" error={error}>
        <textarea
          class="mono"
          rows={8}
          value={value}
          spellcheck={false}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      </Field>
      <Field label={text.type} path="then.0.contentType" error={error}>
        <input
          value={type}
          placeholder="text/plain"
          autocomplete="off"
          onInput={({ currentTarget }) => onType(currentTarget.value)}
        />
      </Field>
    </>
  );
}

/** Creates an entry, and shows it. */
export function NewEntry({ ns, prefix, onClose }: { ns: string; prefix: string; onClose: () => void }) {
  const { entries: text } = words.value;
  const [, navigate] = useLocation();
  const { error, isBusy, run } = useCall();
  const [name, setName] = useState(utf8Of(prefix) ?? '');
  const [value, setValue] = useState('');
  const [type, setType] = useState('');
  const [existing, setExisting] = useState<string>();
  const id = utf8ByteString(name.toWellFormed());
  const isAllowed = may('register', { namespace: ns, keys: intervalOf(id) });
  const submit = () =>
    void run(async () => {
      const outcome = await putEntry(ns, id, undefined, { value, contentType: type.trim() || undefined });
      if (!outcome.isMade) return setExisting(id);
      announce(text.saved(keyTitle(id)));
      onClose();
      navigate(entriesPath(ns, queryOfPlace({ prefix: '', key: id })));
    });
  return (
    <FormDialog
      title={text.create}
      act={text.create}
      error={error}
      isOff={isBusy || !isAllowed || connection.value.state === 'lost'}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={text.key} path="then.0.key" error={error}>
        <input
          class="mono"
          value={name}
          required
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        {name !== '' && !isAllowed && <small class="wrong">{words.value.problem.byCode.FORBIDDEN}</small>}
        {existing === id && (
          <small class="wrong" role="alert">
            {text.exists}
          </small>
        )}
      </Field>
      <Content value={value} onValue={setValue} type={type} onType={setType} error={error} />
    </FormDialog>
  );
}

/** Deletes an entry, if it is still the one that was seen. */
export function DeleteEntry({ ns, id, seen: first, current, onClose }: EntryDialog & { seen: KnownEntry }) {
  const { entries: text, common } = words.value;
  const { error, isBusy, run } = useCall();
  const { seen, now, isOther, accept, setRefusal } = useSeen(first, current);
  const isConflict = isOther && !isBusy;
  const submit = () =>
    void run(async () => {
      if (seen === undefined) return onClose();
      const outcome = await deleteEntry(ns, id, seen);
      if (!outcome.isMade) return setRefusal(outcome);
      announce(text.deleted(keyTitle(id)));
      onClose();
    });
  return (
    <FormDialog
      title={text.deleteTitle(keyTitle(id))}
      act={text.delete}
      error={error}
      isGrave
      isOff={isBusy || isOther || connection.value.state === 'lost'}
      onSubmit={submit}
      onClose={onClose}
    >
      {isConflict && (
        <Conflict
          entry={now}
          act={now === undefined ? common.close : text.deleteThat}
          onAct={now === undefined ? onClose : accept}
        />
      )}
      <p>{text.deleteLead}</p>
      {seen?.lease !== undefined && <p class="wrong">{text.deleteHeld}</p>}
    </FormDialog>
  );
}
