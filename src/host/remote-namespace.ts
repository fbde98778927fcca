import type { NamespaceApi, ResolveCommand } from '../model/namespace-api';
import { operatesOn } from '../registry/ownership';
import { type Asked, type Method, OPERATES, openOutcome, type Result, sealAsked, sealNames } from './envelope';
import { again, once, type RemoteCall, type Stub } from './remote-call';

/**
 * A namespace that lives in a Durable Object, as surfaces see it.
 *
 * @param stub Makes a new stub for each call: one that has thrown stays broken.
 */
export function remoteNamespace(stub: () => Stub): NamespaceApi {
  const write = <M extends Method>(method: M) => {
    return (...asked: Asked<M>): Promise<Result<M>> => once(stub, calling(method, asked));
  };
  const read = <M extends Method>(method: M) => {
    return (...asked: Asked<M>): Promise<Result<M>> => again(stub, calling(method, asked));
  };
  const resolve = read('resolve');
  return {
    register: write('register'),
    patch: write('patch'),
    deregister: write('deregister'),
    renew: (caller, { group, service, id }) => {
      const operates = operatesOn(caller, { group, service }) ? OPERATES : '';
      const names = sealNames(caller.tokenId, group, service, id, operates);
      return once(stub, (object) => object.renew(names).then(openOutcome<'renew'>));
    },
    renewMany: write('renewMany'),
    drain: write('drain'),
    readInstance: read('readInstance'),
    listInstances: read('listInstances'),
    resolve: (command) => (isPlain(command) ? again(stub, plainResolve(command)) : resolve(command)),
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

/** Whether a resolve asks for nothing but a service. */
function isPlain({ group: _group, service: _service, tokenId: _tokenId, ...asked }: ResolveCommand): boolean {
  return Object.values(asked).every((value) => value === undefined);
}

function plainResolve({ group, service, tokenId = '' }: ResolveCommand): RemoteCall<Result<'resolve'>> {
  const names = sealNames(group, service, tokenId);
  return (object) => object.resolve(names).then(openOutcome<'resolve'>);
}

function calling<M extends Method>(method: M, asked: Asked<M>): RemoteCall<Result<M>> {
  const text = sealAsked<M>(asked);
  return (object) => object.call(method, text).then(openOutcome<M>);
}
