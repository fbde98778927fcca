import { useEffect } from 'preact/hooks';
import { type ActRun, cancelLast, dismiss, lastAct, undoLast } from '../state/act-run';
import { type Act, actsOn, type Powers, type Subject } from '../state/acts';
import type { State } from '../state/instance-state';
import { connection } from '../state/live-feed';
import { type InstanceAddress, instancePath, type ServiceAddress } from '../state/paths';
import { may, ownId } from '../state/session';
import { words } from '../words/words';
import { ActDialog, Blind, closeAct, openAct } from './act-dialog';
import { Problem } from './problem';
import { StateMark } from './state-mark';

/** Returns the visitor's powers over an instance of a service. */
function powersOf({ ns, group, service }: ServiceAddress, { instance }: Subject): Powers {
  const target = { namespace: ns, service: { group, service } };
  return {
    operates: may('operate', target),
    owns: instance !== undefined && instance.owner === ownId.value && may('register', target),
  };
}

/** Opens the dialog of the recommended act on an instance, in its row; nothing if none is allowed. */
export function RowAct({ address, subject }: { address: InstanceAddress; subject: Subject }) {
  const { names } = words.value.acts;
  const [first] = actsOn(subject, powersOf(address, subject));
  if (first === undefined) return null;
  return (
    <button
      class="btn"
      type="button"
      disabled={connection.value.state === 'lost'}
      aria-label={`${names[first]}: ${address.id}`}
      onClick={() => {
        openAct.value = { address, act: first };
      }}
    >
      {names[first]}
    </button>
  );
}

/**
 * Offers the acts on an instance that the token allows. The page must contain a {@link LastAct}, which has their dialog.
 *
 * @param isOff True: the page shows the past.
 */
export function InstanceActs({
  address,
  subject,
  isOff = false,
}: {
  address: InstanceAddress;
  subject: Subject;
  isOff?: boolean;
}) {
  const { names, more } = words.value.acts;
  const offered = actsOn(subject, powersOf(address, subject));
  const [first, ...others] = offered;
  if (first === undefined) return null;
  const isDisabled = isOff || connection.value.state === 'lost';
  const button = (act: Act, name: string) => (
    <button
      key={act}
      class={name}
      type="button"
      disabled={isDisabled}
      onClick={({ currentTarget }) => {
        const menu = currentTarget.closest('details');
        if (menu !== null) menu.open = false;
        openAct.value = { address, act };
      }}
    >
      {names[act]}
    </button>
  );
  return (
    <div class="acts" data-acts>
      {button(first, 'btn main')}
      {others.length > 0 && (
        <details class="menu">
          <summary class="btn">{more}</summary>
          <div class="card">{others.map((act) => button(act, act === 'deregister' ? 'btn grave' : 'btn'))}</div>
        </details>
      )}
    </div>
  );
}

/** Shows the last act on an instance of a service, with its progress and its undo, and the dialog of the next one. */
export function LastAct({ address }: { address: ServiceAddress }) {
  const request = openAct.value;
  const run = lastAct.value;
  const { ns, group, service } = address;
  const isHere = run?.address.ns === ns && run.address.group === group && run.address.service === service;
  // A dialog ends with its page.
  useEffect(() => () => closeAct(), []);
  return (
    <>
      {isHere && run?.actor === ownId.value && <Run run={run} />}
      {request !== undefined && <ActDialog key={`${request.act} ${instancePath(request.address)}`} request={request} />}
    </>
  );
}

/** State that an act leads to, for its shape. */
const SHAPES: Record<ActRun['kind'], State> = {
  pause: 'quarantined',
  drain: 'gone',
  deregister: 'gone',
  settings: 'up',
  lift: 'up',
  clear: 'up',
  'cancel-drain': 'up',
};

function Run({ run }: { run: ActRun }) {
  const { acts: text, common, service } = words.value;
  const { kind, phase, progress, readers, error } = run;
  const { id } = run.address;
  const takesOut = kind === 'pause' || kind === 'drain';
  const isOff = run.isBusy === true || connection.value.state === 'lost';
  const sentence = {
    running: text.draining(id),
    done: text.done[kind](id),
    cancelled: text.done['cancel-drain'](id),
    undone: kind === 'drain' ? text.drainUndone(id) : text.undone(id),
  }[phase];
  return (
    <section class="card note run" aria-label={sentence}>
      <div class="run-line" role="status">
        <StateMark state={phase === 'running' ? 'draining' : phase === 'done' ? SHAPES[kind] : 'up'}>
          {sentence}
        </StateMark>
        {progress !== undefined && progress.all > 0 && (
          <>
            <span>{text[takesOut ? 'stopped' : 'acknowledged'](progress.acknowledged, progress.all)}</span>
            <progress value={progress.acknowledged} max={progress.all} aria-label={sentence} />
          </>
        )}
        <span class="grow" />
        <div class="acts">
          {phase === 'running' && (
            <button class="btn" type="button" disabled={isOff} onClick={() => void cancelLast()}>
              {text.names['cancel-drain']}
            </button>
          )}
          {phase === 'done' && run.undo !== undefined && (
            <button class="btn" type="button" disabled={isOff} onClick={() => void undoLast()}>
              {common.undo}
            </button>
          )}
          {phase !== 'running' && (
            <button class="btn" type="button" onClick={dismiss}>
              {common.close}
            </button>
          )}
        </div>
      </div>
      {progress !== undefined && progress.behind.length > 0 && (
        <p>
          {service.notAcknowledged}: {progress.behind.map(({ id, lag }) => text.behind(id, lag)).join(' · ')}
        </p>
      )}
      {takesOut && (phase === 'running' || phase === 'done') && <Blind readers={readers} />}
      {error !== undefined && <Problem error={error} />}
    </section>
  );
}
