import { RegistryError } from '../model/errors';
import type { NamespaceObject } from './namespace-object';

/** A namespace's object as it is called. */
export type Stub = DurableObjectStub<NamespaceObject>;

/** One call to an object. It throws a `RegistryError` where the object refuses; anything else is a failed call. */
export type RemoteCall<T> = (object: Stub) => Promise<T>;

/**
 * For what changes something: where the call fails, whether it happened is not known, and the caller must decide.
 *
 * @param stub Makes a new stub for each call: one that has thrown stays broken.
 */
export async function once<T>(stub: () => Stub, call: RemoteCall<T>): Promise<T> {
  try {
    return await call(stub());
  } catch (error) {
    throw told(error);
  }
}

/** For reads: a failure that the platform calls passing, such as an object that moves, gets one more try. */
export async function again<T>(stub: () => Stub, call: RemoteCall<T>): Promise<T> {
  try {
    return await call(stub());
  } catch (error) {
    if (isPassing(error)) return once(stub, call);
    throw told(error);
  }
}

/** Source: Cloudflare's documentation of Durable Object errors, `retryable` and `overloaded`. */
function isPassing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const isOverloaded = 'overloaded' in error && error.overloaded === true;
  return 'retryable' in error && error.retryable === true && !isOverloaded;
}

/** A failure as callers are told of it: a refusal is told as it is. */
function told(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  return new RegistryError(
    'UNAVAILABLE',
    'the namespace could not be reached; if this was a change, whether it happened is not known: read before you try again',
    { retryAfterSeconds: 1 },
    { cause: error },
  );
}
