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
import { changeWithOperatorAudit } from './turn/operator-audit';
import { read } from './turn/turn';

/** Calls about what a service has of its own: see {@link NamespaceApi}. */

type Command<Method extends 'putService' | 'patchService' | 'removeService'> = Parameters<NamespaceApi[Method]>[1];

export function callPutService(
  state: NamespaceState,
  caller: Caller,
  command: Command<'putService'>,
): Promise<WriteAnswer<ServiceView>> {
  return changeWithOperatorAudit(state, caller, {
    scope: command,
    audited: () => ({ action: 'service-changed', key: command }),
    decide: (draft, by) => putService(draft, by, command, command.definition, command.precondition),
    answer: (outcome) => ({ ...answered(state, command), created: outcome === 'created' }),
  });
}

export function callPatchService(
  state: NamespaceState,
  caller: Caller,
  command: Command<'patchService'>,
): Promise<Answer<ServiceView>> {
  const exists = () => state.catalog.service(command)?.exists ?? false;
  return changeWithOperatorAudit(state, caller, {
    scope: command,
    audited: () => ({ action: 'service-changed', key: command }),
    decide: (draft, by) => patchService(draft, by, command, exists(), command.patch, command.precondition),
    answer: () => answered(state, command),
  });
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
  return changeWithOperatorAudit(state, caller, {
    scope: command,
    audited: () => ({ action: 'service-deleted', key: command, detail: command.force ? 'force' : undefined }),
    decide: (draft, by) => removeService(draft, by, command, instanceIds(), command.force, command.precondition),
    answer: () => ({ cursor: state.journal.cursor }),
  });
}

function answered(state: NamespaceState, key: ServiceKey): Answer<ServiceView> {
  return { cursor: state.journal.cursor, body: serviceText(state, key) };
}
