import { signal } from '@preact/signals';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ActForm, commandOf, effectOfCommand, formOf, PAUSES_MS, SET_STATUSES, WAITS_MS } from '../state/act-form';
import { type Basis, perform, readBasis } from '../state/act-run';
import type { Act, Readers } from '../state/acts';
import { connection } from '../state/live-feed';
import type { InstanceAddress } from '../state/paths';
import { registryNow } from '../state/registry-clock';
import { may, ownId } from '../state/session';
import { duration } from '../words/format';
import { words } from '../words/words';
import { Check, FormDialog, Select } from './form';
import { Skeleton } from './problem';

/** An act whose dialog is open. */
export interface ActRequest {
  address: InstanceAddress;
  act: Act;
}

/** The act whose dialog is open. */
export const openAct = signal<ActRequest | undefined>(undefined);

/** Closes the dialog. */
export function closeAct(): void {
  openAct.value = undefined;
}

/** Asks for the details of an act, shows its effect, and performs it. */
export function ActDialog({ request: { address, act } }: { request: ActRequest }) {
  const { acts: text } = words.value;
  const operates = may('operate', { namespace: address.ns, service: address });
  const [basis, setBasis] = useState<Basis>();
  const [form, setForm] = useState<ActForm>();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  // The end of a pause is computed once for a form, so that a repeated request is the same.
  const sent = useRef<{ form: ActForm; at: number }>();
  const load = useCallback(async () => {
    // Until then, an act would be refused again for the state that is shown.
    setBusy(true);
    setError(undefined);
    try {
      const read = await readBasis(address);
      setBasis(read);
      setForm((known) => known ?? formOf(read.override, operates));
    } catch (reason) {
      setError(reason);
    }
    setBusy(false);
  }, [address, operates]);
  useEffect(() => void load(), [load]);

  const state = basis !== undefined && form !== undefined ? { basis, form } : undefined;
  const command = state && commandOf(act, state.basis, state.form, registryNow());
  const effect = command && state && effectOfCommand(command, state.basis);
  const isUnconfirmed = effect?.isLast === true && typed.trim() !== address.id;
  const isOff = isBusy || isUnconfirmed || connection.value.state === 'lost';

  const submit = async () => {
    if (state === undefined) return;
    if (sent.current?.form !== state.form) sent.current = { form: state.form, at: registryNow() };
    const wanted = commandOf(act, state.basis, state.form, sent.current.at);
    if (wanted === undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      const current = await readBasis(address);
      // Others may have taken instances out since: the last one needs its name first.
      if (effectOfCommand(wanted, current)?.isLast && !effect?.isLast) {
        setBasis({ ...state.basis, service: current.service });
        setBusy(false);
        return;
      }
      await perform(address, state.basis, current, wanted);
      closeAct();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <FormDialog
      title={text.title(text.names[act], address.id)}
      act={text.names[act]}
      error={error}
      onRetry={() => void load()}
      isGrave={effect?.isLast || act === 'deregister'}
      isOff={isOff || command === undefined}
      onSubmit={() => void submit()}
      onClose={closeAct}
    >
      {state === undefined && error === undefined && <Skeleton />}
      {state !== undefined && (
        <>
          {effect && (
            <p class="big">
              {text.notified(
                effect.change === 'out'
                  ? text.effects.out(effect.available)
                  : text.effects[effect.change](effect.available, effect.instances),
                state.basis.readers.subscribers.length,
              )}
            </p>
          )}
          {effect?.change === 'out' && <Blind readers={state.basis.readers} />}
          <Fields
            act={act}
            form={state.form}
            operates={operates}
            leavesQuarantine={operates && state.basis.instance?.owner !== ownId.value}
            onChange={(changes) => setForm({ ...state.form, ...changes })}
          />
          {effect?.isLast && (
            <label class="field grave">
              <b>{text.last}</b>
              {text.typeId(address.id)}
              <input value={typed} autocomplete="off" onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
            </label>
          )}
        </>
      )}
    </FormDialog>
  );
}

/** Shows how many readers can't acknowledge, and for how long they may use an old list. */
export function Blind({ readers: { blind, isUnsure, safeAfterMs } }: { readers: Readers }) {
  const { acts: text } = words.value;
  if (blind === 0 && !isUnsure) return null;
  return (
    <p class="mute">
      {blind > 0 && text.blind(blind, duration(safeAfterMs))} {isUnsure && text.unsure}
    </p>
  );
}

interface FieldsProps {
  act: Act;
  form: ActForm;
  operates: boolean;
  /** True: a drain leaves a quarantine. */
  leavesQuarantine: boolean;
  onChange: (changes: Partial<ActForm>) => void;
}

function Fields({ act, form, operates, leavesQuarantine, onChange }: FieldsProps) {
  const { acts: text } = words.value;
  if (act === 'settings') return <Settings form={form} onChange={onChange} />;
  if (act === 'clear' || act === 'lift') return act === 'clear' ? <p>{text.clearNote}</p> : null;
  if (act === 'deregister') return <p>{text.deregisterNote}</p>;
  if (act === 'cancel-drain') return <p>{text.cancelDrainNote}</p>;
  const isPause = form.mode === 'pause';
  return (
    <>
      {operates && (
        <div class="choice">
          <label>
            <input type="radio" name="mode" checked={isPause} onChange={() => onChange({ mode: 'pause' })} />
            <span>
              <b>{text.pause}</b> <span class="mute">({text.recommended})</span>
            </span>
          </label>
          <p class="mute">{text.pauseNote}</p>
          {isPause && (
            <div class="tools">
              <Select
                label={text.pauseFor}
                value={form.pauseMs}
                options={PAUSES_MS.map((ms) => [ms, ms === 0 ? text.untilLifted : duration(ms)])}
                onChange={(pauseMs) => onChange({ pauseMs })}
              />
              <input
                class="grow"
                aria-label={text.reason}
                placeholder={text.reason}
                maxLength={200}
                value={form.reason}
                onInput={({ currentTarget }) => onChange({ reason: currentTarget.value })}
              />
            </div>
          )}
        </div>
      )}
      <div class="choice">
        <label>
          <input type="radio" name="mode" checked={!isPause} onChange={() => onChange({ mode: 'drain' })} />
          <b>{text.drain}</b>
        </label>
        <p class="mute">
          {text.drainNote} {leavesQuarantine && text.drainQuarantine}
        </p>
        {!isPause && (
          // biome-ignore lint/a11y/noLabelWithoutControl: the control is a child
          <label class="tools">
            {text.waitAtMost}
            <Select
              value={form.waitMs}
              options={WAITS_MS.map((ms) => [ms, duration(ms)])}
              onChange={(waitMs) => onChange({ waitMs })}
            />
          </label>
        )}
      </div>
    </>
  );
}

function Settings({ form, onChange }: Pick<FieldsProps, 'form' | 'onChange'>) {
  const { acts: text, common } = words.value;
  return (
    <>
      <p class="mute">{text.settingsNote}</p>
      <Check isOn={form.isEnabled} onChange={(isEnabled) => onChange({ isEnabled })}>
        {text.enabled}
      </Check>
      <label class="field">
        {common.weight}
        <input
          type="number"
          min="0"
          step="any"
          placeholder={text.asRegistered}
          value={form.weight}
          onInput={({ currentTarget }) => onChange({ weight: currentTarget.value })}
        />
      </label>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is a child */}
      <label class="field">
        {common.status}
        <Select
          value={form.status}
          options={[['', text.asRegistered], ...SET_STATUSES.map((each) => [each, each] as const)]}
          onChange={(status) => onChange({ status })}
        />
      </label>
    </>
  );
}
