import { operatesOn } from '../../core/namespace/access/ownership';
import type { NamespaceApi, RegisterCommand, ResolveCommand } from '../../model/namespace-api';
import { type Asked, type Method, OPERATES, openOutcome, type Result, sealAsked, sealNames } from './envelope';
import type { Stub } from './namespace-stub';
import { type RemoteCall, RemoteCalls, type RepeatTime } from './remote-call';

/**
 * A namespace that lives in a Durable Object, as surfaces see it. Reads, renewals and {@link isRepeatable} registrations
 * are repeated where they fail with a passing fault; nothing else is.
 *
 * @param stub Makes a new stub for each try: one that has thrown stays broken.
 */
export function remoteNamespace(stub: () => Stub, time?: RepeatTime): NamespaceApi {
  const calls = new RemoteCalls(stub, time);
  const write = <M extends Method>(method: M) => {
    return (...asked: Asked<M>): Promise<Result<M>> => calls.once(calling(method, asked));
  };
  const read = <M extends Method>(method: M) => {
    return (...asked: Asked<M>): Promise<Result<M>> => calls.read(calling(method, asked));
  };
  const resolve = read('resolve');
  return {
    register: (caller, command) => {
      const call = calling('register', [caller, command]);
      return isRepeatable(command) ? calls.change(call) : calls.once(call);
    },
    patch: write('patch'),
    deregister: write('deregister'),
    renew: (caller, { group, service, id }) => {
      const operates = operatesOn(caller, { group, service }) ? OPERATES : '';
      const names = sealNames(caller.tokenId, group, service, id, operates);
      return calls.change((object) => object.renew(names).then(openOutcome<'renew'>));
    },
    renewMany: (...asked) => calls.change(calling('renewMany', asked)),
    drain: write('drain'),
    readInstance: read('readInstance'),
    listInstances: read('listInstances'),
    resolve: (command) => (isPlain(command) ? calls.read(plainResolve(command)) : resolve(command)),
    putOverride: write('putOverride'),
    readOverride: read('readOverride'),
    listOverrides: read('listOverrides'),
    clearOverride: write('clearOverride'),
    putService: write('putService'),
    patchService: write('patchService'),
    readService: read('readService'),
    removeService: write('removeService'),
    listServices: read('listServices'),
    batch: write('batch'),
    stats: read('stats'),
    history: read('history'),
    diff: read('diff'),
    why: read('why'),
    rollback: write('rollback'),
    snapshot: read('snapshot'),
    exportPart: read('exportPart'),
    stageImport: write('stageImport'),
    planImport: read('planImport'),
    applyImport: write('applyImport'),
    dropImport: write('dropImport'),
    changedSince: read('changedSince'),
    changedServices: read('changedServices'),
    listSubscribers: read('listSubscribers'),
    acknowledge: write('acknowledge'),
  };
}

/**
 * Tells registrations that may happen twice. A repeat of the same content renews the lease and changes nothing; it
 * answers as one that changed nothing, even where the first try made the instance.
 *
 * A precondition judges the state that the first try left. An incarnation may have been followed by the next one
 * meanwhile, whose drain a repeat would end. An instance without a lease that was removed meanwhile would be back for
 * good, where one with a lease is gone after its time to live.
 */
function isRepeatable({ definition, precondition }: RegisterCommand): boolean {
  const isConditional = Object.values(precondition).some((value) => value !== undefined);
  return !isConditional && definition.incarnation === undefined && definition.lease !== null;
}

/** Whether a resolve asks for nothing but a service. */
function isPlain({ group: _group, service: _service, tokenId: _tokenId, ...asked }: ResolveCommand): boolean {
  return Object.values(asked).every((value) => value === undefined);
}

function plainResolve({ group, service, tokenId = '' }: ResolveCommand): RemoteCall<Result<'resolve'>, Stub> {
  const names = sealNames(group, service, tokenId);
  return (object) => object.resolve(names).then(openOutcome<'resolve'>);
}

function calling<M extends Method>(method: M, asked: Asked<M>): RemoteCall<Result<M>, Stub> {
  const text = sealAsked<M>(asked);
  return (object) => object.call(method, text).then(openOutcome<M>);
}
