import { RegistryError } from '../model/errors';
import type { NamespaceApi } from '../model/namespace-api';
import type { NamespaceObject } from './namespace-object';
import type { Outcome } from './outcome';

type Stub = DurableObjectStub<NamespaceObject>;

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

type Call<T> = (object: Stub) => Promise<Outcome<T>>;

/** For what changes something: where the call fails, whether it happened is not known, and the caller must decide. */
async function once<T>(stub: () => Stub, call: Call<T>): Promise<T> {
  let result: Outcome<T>;
  try {
    result = await call(stub());
  } catch (error) {
    throw unavailable(error);
  }
  if (result.ok) return result.value;
  throw RegistryError.fromData(result.error);
}

/** For reads: a failure that the platform calls passing, such as an object that moves, gets one more try. */
async function again<T>(stub: () => Stub, call: Call<T>): Promise<T> {
  try {
    return await once(stub, call);
  } catch (error) {
    if (error instanceof RegistryError && isPassing(error.cause)) return once(stub, call);
    throw error;
  }
}

/** Source: Cloudflare's documentation of Durable Object errors, `retryable` and `overloaded`. */
function isPassing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const isOverloaded = 'overloaded' in error && error.overloaded === true;
  return 'retryable' in error && error.retryable === true && !isOverloaded;
}

function unavailable(cause: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    'the namespace could not be reached; if this was a change, whether it happened is not known: read before you try again',
    { retryAfterSeconds: 1 },
    { cause },
  );
}
