import { signal } from '@preact/signals';
import { RollcallError } from '../../client/admin';
import type { Override, Service, SubscriberList } from '../../client/wire/answers';
import type { OverrideBody } from '../../client/wire/bodies';
import type { Instance } from '../../client/wire/instance';
import type { Command } from './act-form';
import { type Progress, progressOf, type Readers, readersOf } from './acts';
import { CURSOR_HEADER } from './live-list';
import { bodyOf, isSameOverride, planUndo, type Undoable } from './override';
import type { InstanceAddress, ServiceAddress } from './paths';
import { ask, ownId } from './session';

/** Interval of reading the acknowledgements of a change. */
const POLL_MS = 500;

/** Pause before a request whose connection broke is repeated. */
const REPEAT_MS = 2_000;

/** Time for which the last act, and its undo, stay on the page. */
const SHOWN_MS = 10 * 60_000;

/** State in which an act begins: what its dialog shows, and what an undo restores. */
export interface Basis {
  /** Undefined: it is gone. */
  instance: Instance | undefined;
  override: Override | undefined;
  service: Pick<Service, 'instances' | 'available'>;
  readers: Readers;
  cursor: string;
}

/** The last act: its progress, and its undo. */
export interface ActRun {
  address: InstanceAddress;
  /** Id of the token that performed it: another visitor of the tab is not offered its undo. */
  actor?: string | undefined;
  kind: Command['kind'];
  /** `running`: it is not decided yet; a drain can be cancelled. */
  phase: 'running' | 'done' | 'cancelled' | 'undone';
  readers: Readers;
  /** Undefined as long as it is not known, and if no traffic changes. */
  progress?: Progress | undefined;
  undo?: Undoable | undefined;
  /** True while an undo or a cancellation is on its way. */
  isBusy?: boolean;
  /** Reason for which the undo or the cancellation failed. */
  error?: RollcallError | undefined;
}

/** The last act of this tab. */
export const lastAct = signal<ActRun | undefined>(undefined);

/** Reads the state in which an act begins. */
export async function readBasis(address: InstanceAddress): Promise<Basis> {
  let cursor = '';
  const [why, service, { readers }] = await Promise.all([
    ask((admin) => admin.explainInstance({ ...address, limit: 1, onAnswer: (answer) => (cursor = cursorOf(answer)) })),
    ask((admin) => admin.readService(serviceOf(address))).catch((error) => {
      // The service of an instance that is gone may be gone, too.
      if (RollcallError.from(error, 'service').code === 'SERVICE_NOT_FOUND') return { instances: 0, available: 0 };
      throw error;
    }),
    readSubscribers(address),
  ]);
  return { instance: why.instance, override: why.override, service, readers, cursor };
}

/** Returns the names of the service alone: a call sends all members that it is given. */
const serviceOf = ({ ns, group, service }: ServiceAddress): ServiceAddress => ({ ns, group, service });

const cursorOf = ({ headers }: Response): string => headers.get(CURSOR_HEADER) ?? '';

/** Reads all pages of the subscribers of a service. */
export async function readSubscribers(address: ServiceAddress): Promise<{ list: SubscriberList; readers: Readers }> {
  const all: SubscriberList['subscribers'] = [];
  let list: SubscriberList;
  let after: string | undefined;
  do {
    list = await ask((admin) => admin.listSubscribers({ ...serviceOf(address), after }));
    all.push(...list.subscribers);
    after = list.next;
  } while (after !== undefined);
  return { list: { ...list, subscribers: all }, readers: readersOf(list, all) };
}

/**
 * Performs an act, and makes it the last one. A drain continues after this returns.
 *
 * May be repeated after a broken connection: an override that is already set is not set again.
 *
 * @param shown State that the visitor has seen: if the override has changed since, the registry refuses the act.
 * @param current State right before the act.
 * @throws {RollcallError} The registry's error; nothing has changed then, unless the connection broke.
 */
export async function perform(address: InstanceAddress, shown: Basis, current: Basis, command: Command): Promise<void> {
  const isSame = current.override?.revision === shown.override?.revision;
  // The later an undo's position, the less it has to leave alone.
  const basis = isSame ? current : shown;
  switch (command.kind) {
    case 'drain':
      return await drain(address, basis, command.waitMs);
    case 'deregister':
      await ask((admin) => admin.deregisterInstance(address));
      return begin({ address, kind: command.kind, phase: 'done', readers: basis.readers });
    case 'cancel-drain':
      await ask((admin) => admin.cancelDrain(address));
      return begin({ address, kind: command.kind, phase: 'done', readers: basis.readers });
    default:
      return await override(address, { basis, current }, command.kind, command.override);
  }
}

/** Shows an act, instead of the previous one. */
function begin(run: ActRun): void {
  lastAct.value = { actor: ownId.peek(), ...run };
  clearTimeout(endTimer);
  if (run.phase !== 'running') endTimer = setTimeout(dismiss, SHOWN_MS);
}

let endTimer: ReturnType<typeof setTimeout> | undefined;

/** Removes the last act from the page. */
export function dismiss(): void {
  lastAct.value = undefined;
}

/** Changes an act as long as it is the last one. Returns the changed act, or undefined. */
function update(run: ActRun, changes: Partial<ActRun>): ActRun | undefined {
  const current = lastAct.peek();
  if (current?.address !== run.address) return undefined;
  const changed = { ...current, ...changes };
  // Its time starts with its end, not with each acknowledgement.
  if (changed.phase === current.phase) lastAct.value = changed;
  else begin(changed);
  return changed;
}

/** Sets or clears an override, provided that it is unchanged since it was shown. */
async function override(
  address: InstanceAddress,
  { basis, current }: { basis: Basis; current: Basis },
  kind: ActRun['kind'],
  wanted: OverrideBody | undefined,
): Promise<void> {
  const undo: Undoable = {
    id: address.id,
    before: basis.cursor,
    after: current.cursor,
    override: basis.override && bodyOf(basis.override),
    left: undefined,
  };
  const onAnswer = (answer: Response) => {
    undo.after = cursorOf(answer);
  };
  const set = current.override;
  let revision = set?.revision;
  // An earlier attempt may have set it, although its response was lost.
  const isOwn = set === undefined || set.actor === ownId.peek();
  if (!isOwn || !isSameOverride(set && bodyOf(set), wanted)) {
    const condition = basis.override === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: basis.cursor };
    if (wanted === undefined) {
      await ask((admin) => admin.clearOverride({ ...address, ...condition, onAnswer }));
      revision = undefined;
    } else {
      ({ revision } = await ask((admin) => admin.putOverride({ ...address, ...condition, body: wanted, onAnswer })));
    }
  }
  undo.left = revision;
  const run: ActRun = { address: { ...address }, kind, phase: 'done', readers: basis.readers, undo };
  begin(run);
  if (revision !== undefined) void follow(run, revision);
}

/** Reads the acknowledgements of a revision until all subscribers have sent theirs, or the act is no longer shown. */
async function follow(run: ActRun, revision: number): Promise<void> {
  const awaited = new Set(run.readers.subscribers);
  for (;;) {
    const phase = lastAct.peek()?.address === run.address ? lastAct.peek()?.phase : undefined;
    if (phase !== 'running' && phase !== 'done') return;
    try {
      const { list, readers } = await readSubscribers(run.address);
      const progress = progressOf(list.subscribers, awaited, revision);
      if (update(run, { progress, readers }) === undefined || progress.behind.length === 0) return;
    } catch {
      // The page shows that the registry can't be reached.
    }
    await pause(POLL_MS);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Begins a drain. Returns once the instance is draining; the wait for its subscribers continues. */
async function drain(given: InstanceAddress, basis: Basis, waitMs: number): Promise<void> {
  const address = { ...given };
  const run: ActRun = { address, kind: 'drain', phase: 'running', readers: basis.readers };
  let isSettled = false;
  const isSeen = (async () => {
    while (!isSettled) {
      await pause(POLL_MS / 5);
      const { instance } = await ask((admin) => admin.explainInstance({ ...address, limit: 1 }));
      if (instance === undefined || instance.status === 'draining') return instance?.revision;
    }
    return undefined;
  })();
  const end = ask((admin) => admin.drainInstance({ ...address, wait: `${waitMs}ms` })).finally(() => {
    isSettled = true;
  });
  const revision = await Promise.race([isSeen, end.then(() => undefined)]);
  begin(run);
  if (revision !== undefined) void follow(run, revision);
  void endDrain(run, basis, waitMs, end);
}

const CANCELLED = { phase: 'cancelled', progress: undefined } as const;

/** Waits for the end of a drain, across broken connections, and shows it. */
async function endDrain(run: ActRun, basis: Basis, waitMs: number, end: Promise<unknown>): Promise<void> {
  const { address } = run;
  const actor = ownId.peek();
  for (let attempt = end; ; ) {
    try {
      await attempt;
      break;
    } catch (thrown) {
      const error = RollcallError.from(thrown, 'drain');
      if (error.code === 'INSTANCE_NOT_FOUND') break;
      if (error.code === 'CONFLICT') return void update(run, CANCELLED);
      if (!error.isPassing) return void update(run, { ...CANCELLED, error });
      await pause(REPEAT_MS);
      // Another token must not continue it.
      if (ownId.peek() !== actor) return;
      attempt = rejoin(address, waitMs);
    }
  }
  // A drain of another token's instance leaves a quarantine, which an undo lifts.
  let after = '';
  const left = await ask((admin) =>
    admin.explainInstance({ ...address, limit: 1, onAnswer: (answer) => (after = cursorOf(answer)) }),
  ).catch(() => undefined);
  const override = basis.override && bodyOf(basis.override);
  const isChanged = !isSameOverride(left?.override && bodyOf(left.override), override);
  update(run, {
    phase: 'done',
    ...(isChanged && {
      undo: { id: address.id, before: basis.cursor, after, override, left: left?.override?.revision },
    }),
  });
}

/** Waits for a drain again. One that was cancelled meanwhile is not started again. */
async function rejoin(address: InstanceAddress, waitMs: number): Promise<void> {
  const { instance } = await ask((admin) => admin.explainInstance({ ...address, limit: 1 }));
  if (instance === undefined) return;
  if (instance.status !== 'draining') throw new RollcallError('CONFLICT', 'the drain was cancelled');
  await ask((admin) => admin.drainInstance({ ...address, wait: `${waitMs}ms` }));
}

/** Cancels the drain that is running. */
export async function cancelLast(): Promise<void> {
  await settle(async (run) => {
    await ask((admin) => admin.cancelDrain(run.address));
    update(run, CANCELLED);
  });
}

/** Undoes the last act. */
export async function undoLast(): Promise<void> {
  await settle(async (run) => {
    const { address, undo } = run;
    if (undo === undefined) return;
    const [{ override: current }, diff] = await Promise.all([
      ask((admin) => admin.explainInstance({ ...address, limit: 1 })),
      ask((admin) => admin.diffService({ ...serviceOf(address), from: undo.before, limit: 2 })).catch((error) => {
        if (RollcallError.from(error, 'diff').code === 'COMPACTED') return undefined;
        throw error;
      }),
    ]);
    const plan = planUndo(undo, current, diff);
    if (plan === 'changed') {
      update(run, { undo: undefined });
      throw new RollcallError('REVISION_MISMATCH', `changed by ${current?.actor ?? 'another'}`);
    }
    if (plan === 'rollback')
      await ask((admin) => admin.rollBackService({ ...serviceOf(address), body: { to: undo.before } }));
    if (plan === 'override') {
      const condition = undo.left === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: undo.after };
      const { override: body } = undo;
      await ask<unknown>((admin) =>
        body === undefined
          ? admin.clearOverride({ ...address, ...condition })
          : admin.putOverride({ ...address, ...condition, body }),
      );
    }
    update(run, { phase: 'undone', undo: undefined, progress: undefined });
  });
}

/** Runs one request about the last act at a time, and shows its failure with the act. */
async function settle(action: (run: ActRun) => Promise<void>): Promise<void> {
  const run = lastAct.peek();
  if (run === undefined || run.isBusy) return;
  update(run, { isBusy: true, error: undefined });
  try {
    await action(run);
    update(run, { isBusy: false });
  } catch (error) {
    update(run, { isBusy: false, error: RollcallError.from(error, 'undo') });
  }
}
