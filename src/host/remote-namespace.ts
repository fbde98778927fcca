import { RegistryError } from '../model/errors';
import type { NamespaceApi } from '../model/namespace-api';
import { type Asked, type Method, openOutcome, type Result, sealAsked } from './envelope';
import type { NamespaceObject } from './namespace-object';

type Stub = DurableObjectStub<NamespaceObject>;

/**
 * A namespace that lives in a Durable Object, as surfaces see it.
 *
 * @param stub Makes a new stub for each call: one that has thrown stays broken.
 */
export function remoteNamespace(stub: () => Stub): NamespaceApi {
  const write = <M extends Method>(method: M) => {
    return (...asked: Asked<M>): Promise<Result<M>> => once(stub, method, asked);
  };
  const read = <M extends Method>(method: M) => {
    return (...asked: Asked<M>): Promise<Result<M>> => again(stub, method, asked);
  };
  return {
    register: write('register'),
    patch: write('patch'),
    deregister: write('deregister'),
    renew: write('renew'),
    renewMany: write('renewMany'),
    drain: write('drain'),
    readInstance: read('readInstance'),
    listInstances: read('listInstances'),
    resolve: read('resolve'),
    putOverride: write('putOverride'),
    readOverride: read('readOverride'),
    clearOverride: write('clearOverride'),
    putService: write('putService'),
    patchService: write('patchService'),
    readService: read('readService'),
    removeService: write('removeService'),
    listServices: read('listServices'),
    batch: write('batch'),
    stats: read('stats'),
    listSubscribers: read('listSubscribers'),
    acknowledge: write('acknowledge'),
  };
}

/** For what changes something: where the call fails, whether it happened is not known, and the caller must decide. */
async function once<M extends Method>(stub: () => Stub, method: M, asked: Asked<M>): Promise<Result<M>> {
  let outcome: string;
  try {
    outcome = await stub().call(method, sealAsked(asked));
  } catch (error) {
    throw unavailable(error);
  }
  return openOutcome<M>(outcome);
}

/** For reads: a failure that the platform calls passing, such as an object that moves, gets one more try. */
async function again<M extends Method>(stub: () => Stub, method: M, asked: Asked<M>): Promise<Result<M>> {
  try {
    return await once(stub, method, asked);
  } catch (error) {
    if (error instanceof RegistryError && isPassing(error.cause)) return once(stub, method, asked);
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
