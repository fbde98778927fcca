import type { NamespaceApi } from '../model/namespace-api';
import { again, once, type Stub } from './remote-call';

/**
 * A namespace that lives in a Durable Object, as surfaces see it.
 *
 * @param stub Makes a new stub for each call: one that has thrown stays broken.
 */
export function remoteNamespace(stub: () => Stub): NamespaceApi {
  return {
    register: (...asked) => once(stub, (object) => object.register(...asked)),
    patch: (...asked) => once(stub, (object) => object.patch(...asked)),
    deregister: (...asked) => once(stub, (object) => object.deregister(...asked)),
    renew: (...asked) => once(stub, (object) => object.renew(...asked)),
    renewMany: (...asked) => once(stub, (object) => object.renewMany(...asked)),
    drain: (...asked) => once(stub, (object) => object.drain(...asked)),
    readInstance: (...asked) => again(stub, (object) => object.readInstance(...asked)),
    listInstances: (...asked) => again(stub, (object) => object.listInstances(...asked)),
    resolve: (...asked) => again(stub, (object) => object.resolve(...asked)),
    putOverride: (...asked) => once(stub, (object) => object.putOverride(...asked)),
    readOverride: (...asked) => again(stub, (object) => object.readOverride(...asked)),
    clearOverride: (...asked) => once(stub, (object) => object.clearOverride(...asked)),
    putService: (...asked) => once(stub, (object) => object.putService(...asked)),
    patchService: (...asked) => once(stub, (object) => object.patchService(...asked)),
    readService: (...asked) => again(stub, (object) => object.readService(...asked)),
    removeService: (...asked) => once(stub, (object) => object.removeService(...asked)),
    listServices: (...asked) => again(stub, (object) => object.listServices(...asked)),
    batch: (...asked) => once(stub, (object) => object.batch(...asked)),
    stats: () => again(stub, (object) => object.stats()),
    listSubscribers: (...asked) => again(stub, (object) => object.listSubscribers(...asked)),
    acknowledge: (...asked) => once(stub, (object) => object.acknowledge(...asked)),
  };
}
