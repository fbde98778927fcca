import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { Service } from '../../client/wire/answers';
import { announce } from '../parts/announcer';
import { Dialog } from '../parts/dialog';
import { Problem } from '../parts/problem';
import { connection } from '../state/live-feed';
import { type ServiceAddress, servicesPath } from '../state/paths';
import type { ServiceSettings } from '../state/service-live';
import { ask, may } from '../state/session';
import { problemOf, type SettingsForm, saveConditionOf, settingsFormOf, settingsPatchOf } from '../state/settings-form';
import { words } from '../words/words';

interface ServiceSettingsProps {
  address: ServiceAddress;
  settings: ServiceSettings;
  /** Called after a change. */
  onSaved: () => Promise<void>;
}

/** Shows the settings of a service, and changes them. */
export function ServiceSettingsForm({ address, settings, onSaved }: ServiceSettingsProps) {
  const { service: text } = words.value;
  const operates = may('operate', { namespace: address.ns, service: address });
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (change: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await change();
      await onSaved();
      announce(text.saved);
      return true;
    } catch (reason) {
      setError(reason);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const isOff = isBusy || !operates || connection.value.state === 'lost';
  const { service } = settings;
  return (
    <div class="card note settings">
      {error !== undefined && <Problem error={error} onRetry={() => void run(async () => {})} />}
      {service === undefined ? (
        <Creation address={address} isOff={isOff} run={run} />
      ) : (
        <>
          <Fields
            // Read again after a failure: what others have changed must be seen before it is overwritten.
            key={error === undefined ? 'fields' : settings.cursor}
            address={address}
            service={service}
            cursor={settings.cursor}
            isOff={isOff}
            run={run}
          />
          <Removal address={address} service={service} isOff={isOff} run={run} />
        </>
      )}
    </div>
  );
}

interface ChangeProps {
  address: ServiceAddress;
  isOff: boolean;
  /** Runs a change; returns false, and shows the reason, if it fails. */
  run: (change: () => Promise<unknown>) => Promise<boolean>;
}

function Creation({ address, isOff, run }: ChangeProps) {
  const { service: text } = words.value;
  const create = () => run(() => ask((admin) => admin.putService({ ...address, body: {}, ifNoneMatch: '*' })));
  return (
    <>
      <p>{text.missing}</p>
      <button class="btn main" type="button" disabled={isOff} onClick={() => void create()}>
        {text.create}
      </button>
    </>
  );
}

function Fields({ address, service, cursor, isOff, run }: ChangeProps & { service: Service; cursor: string }) {
  const { service: text, common } = words.value;
  // Kept as it was when the editing began, so that changes of others are noticed.
  const [draft, setDraft] = useState<{ form: SettingsForm; base: Service; cursor: string }>();
  const { form, base, cursor: since } = draft ?? { form: settingsFormOf(service), base: service, cursor };
  const change = (changes: Partial<SettingsForm>) => setDraft({ form: { ...form, ...changes }, base, cursor: since });
  const changeEntry = (index: number, entry: [string, string]) =>
    change({ metadata: form.metadata.map((known, at) => (at === index ? entry : known)) });
  const patch = settingsPatchOf(base, form);
  const problem = problemOf(form);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (patch === undefined || problem !== undefined) return;
    const condition = saveConditionOf(base, since);
    if (await run(() => ask((admin) => admin.patchService({ ...address, ...condition, body: patch }))))
      setDraft(undefined);
  };
  return (
    <form onSubmit={submit}>
      <h2>{common.metadata}</h2>
      {form.metadata.map(([key, value], index) => (
        <div class="tools entry" key={index}>
          <input
            class="mono"
            aria-label={text.key}
            placeholder={text.key}
            value={key}
            disabled={isOff}
            onInput={({ currentTarget }) => changeEntry(index, [currentTarget.value, value])}
          />
          <input
            class="mono grow"
            aria-label={text.valueOf(key)}
            placeholder={text.value}
            value={value}
            disabled={isOff}
            onInput={({ currentTarget }) => changeEntry(index, [key, currentTarget.value])}
          />
          <button
            class="btn"
            type="button"
            disabled={isOff}
            aria-label={`${common.remove}: ${key}`}
            onClick={() => change({ metadata: form.metadata.filter((_, at) => at !== index) })}
          >
            {common.remove}
          </button>
        </div>
      ))}
      {problem !== undefined && (
        <p role="alert">{problem.kind === 'repeated' ? text.repeated(problem.key) : text.nameless}</p>
      )}
      <button
        class="btn"
        type="button"
        disabled={isOff}
        onClick={() => change({ metadata: [...form.metadata, ['', '']] })}
      >
        {text.addEntry}
      </button>
      <h2>{text.threshold}</h2>
      <label class="tools">
        <input
          type="number"
          min="0"
          max="100"
          step="any"
          required
          aria-label={text.threshold}
          value={form.thresholdPercent}
          disabled={isOff}
          onInput={({ currentTarget }) => change({ thresholdPercent: currentTarget.value })}
        />
        %
      </label>
      <p class="mute">{text.thresholdNote}</p>
      <p>{service.persistent ? text.persistent : text.passing}</p>
      <div class="acts">
        <button class="btn main" type="submit" disabled={isOff || patch === undefined || problem !== undefined}>
          {common.save}
        </button>
        {draft !== undefined && (
          <button class="btn" type="button" onClick={() => setDraft(undefined)}>
            {common.cancel}
          </button>
        )}
      </div>
    </form>
  );
}

/** Offers to remove a service that is empty. */
function Removal({ address, service, isOff, run }: ChangeProps & { service: Service }) {
  const { service: text, common } = words.value;
  const [, navigate] = useLocation();
  const [isOpen, setOpen] = useState(false);
  if (!service.persistent || service.instances > 0) return null;
  const remove = async () => {
    setOpen(false);
    if (await run(() => ask((admin) => admin.removeService({ ...address })))) navigate(servicesPath(address.ns));
  };
  return (
    <>
      <button class="btn grave" type="button" disabled={isOff} onClick={() => setOpen(true)}>
        {text.removeService}
      </button>
      {isOpen && (
        <Dialog title={`${text.removeService}: ${service.name}`} onClose={() => setOpen(false)}>
          <p>{text.removeNote}</p>
          <div class="acts">
            <button class="btn" type="button" onClick={() => setOpen(false)}>
              {common.cancel}
            </button>
            <button class="btn grave" type="button" onClick={() => void remove()}>
              {text.removeService}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
