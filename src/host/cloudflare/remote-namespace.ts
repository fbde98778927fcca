import { operatesOn } from '../../core/namespace/access/ownership';
import type { NamespaceControl } from '../../model/directory-api';
import type { NamespaceApi, RegisterCommand } from '../../model/namespace-api';
import { openOutcome } from './envelope';
import type { NamespaceStub } from './object-stubs';
import { RemoteCalls, type RepeatTime, remoteMethods } from './remote-call';

/**
 * A namespace that lives in a Durable Object, as surfaces see it. Reads, renewals and {@link isRepeatable} registrations
 * are repeated where they fail with a passing fault; nothing else is.
 *
 * @param stub Makes a new stub for each try: one that has thrown stays broken.
 */
export function remoteNamespace(stub: () => NamespaceStub, time?: RepeatTime): NamespaceApi {
  const { once, change, read } = remoteMethods<NamespaceApi>(new RemoteCalls(stub, time), openOutcome);
  const [register, registerAgain, renew] = [once('register'), change('register'), change('renew')];
  return {
    register: (caller, command) => (isRepeatable(command) ? registerAgain : register)(caller, command),
    patch: once('patch'),
    deregister: once('deregister'),
    // Nearly all traffic: only what a renewal needs crosses.
    renew: (caller, { group, service, id }) => {
      const operates = operatesOn(caller, { group, service });
      return renew({ tokenId: caller.tokenId, operates }, { group, service, id });
    },
    renewMany: change('renewMany'),
    drain: once('drain'),
    readInstance: read('readInstance'),
    listInstances: read('listInstances'),
    resolve: read('resolve'),
    putOverride: once('putOverride'),
    readOverride: read('readOverride'),
    listOverrides: read('listOverrides'),
    clearOverride: once('clearOverride'),
    putService: once('putService'),
    patchService: once('patchService'),
    readService: read('readService'),
    removeService: once('removeService'),
    listServices: read('listServices'),
    batch: once('batch'),
    stats: read('stats'),
    history: read('history'),
    diff: read('diff'),
    why: read('why'),
    rollback: once('rollback'),
    snapshot: read('snapshot'),
    exportPart: read('exportPart'),
    stageImport: once('stageImport'),
    planImport: read('planImport'),
    applyImport: once('applyImport'),
    dropImport: once('dropImport'),
    changedSince: read('changedSince'),
    changedServices: read('changedServices'),
    listSubscribers: read('listSubscribers'),
    acknowledge: once('acknowledge'),
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

/** The way from the directory to a namespace that lives in a Durable Object: few calls, with few values. */
export function remoteControl(stub: () => NamespaceStub): NamespaceControl {
  const calls = new RemoteCalls(stub);
  return {
    configure: (settings) => calls.once((object) => object.configure(settings)),
    size: () => calls.read((object) => object.size()),
    erase: (options) => calls.once((object) => object.erase(options)),
    closeSocketsOf: (tokenIds) => calls.once((object) => object.closeSocketsOf(tokenIds)),
  };
}
