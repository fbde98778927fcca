import type {
  Answer,
  Caller,
  NamespaceApi,
  ReadAnswer,
  ReadOptions,
  ServiceKey,
  WriteAnswer,
} from '../../model/namespace-api';
import type { ServiceView } from '../../model/service';
import { patchService, putService, removeService } from './commands/service';
import { requireService, serviceText } from './queries/answers';
import type { NamespaceState } from './state';
import { serviceDeed } from './turn/batch-deed';
import { changeWithPower } from './turn/operator-power';
import { read } from './turn/turn';

/** Calls about what a service has of its own: see {@link NamespaceApi}. */

type Command<Method extends 'putService' | 'patchService' | 'removeService'> = Parameters<NamespaceApi[Method]>[1];

export function callPutService(
  state: NamespaceState,
  caller: Caller,
  command: Command<'putService'>,
): Promise<WriteAnswer<ServiceView>> {
  return changeWithPower(
    state,
    caller,
    command,
    () => serviceDeed('service-changed', command),
    (draft, by) => putService(draft, by, command, command.definition, command.precondition),
    (outcome) => ({ ...answered(state, command), created: outcome === 'created' }),
  );
}

export function callPatchService(
  state: NamespaceState,
  caller: Caller,
  command: Command<'patchService'>,
): Promise<Answer<ServiceView>> {
  const exists = () => state.catalog.service(command)?.exists ?? false;
  return changeWithPower(
    state,
    caller,
    command,
    () => serviceDeed('service-changed', command),
    (draft, by) => patchService(draft, by, command, exists(), command.patch, command.precondition),
    () => answered(state, command),
  );
}

export function readService(
  state: NamespaceState,
  command: ServiceKey & ReadOptions,
): Promise<ReadAnswer<ServiceView>> {
  const changedAt = () => requireService(state, command).revision;
  return read(state, command, command, changedAt, () => serviceText(state, command));
}

export function callRemoveService(
  state: NamespaceState,
  caller: Caller,
  command: Command<'removeService'>,
): Promise<{ cursor: string }> {
  const instanceIds = () => [...(state.catalog.service(command)?.instances.keys() ?? [])];
  return changeWithPower(
    state,
    caller,
    command,
    () => serviceDeed('service-deleted', command, command.force ? 'force' : undefined),
    (draft, by) => removeService(draft, by, command, instanceIds(), command.force, command.precondition),
    () => ({ cursor: state.journal.cursor }),
  );
}

function answered(state: NamespaceState, key: ServiceKey): Answer<ServiceView> {
  return { cursor: state.journal.cursor, body: serviceText(state, key) };
}
