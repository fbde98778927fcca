import { RegistryError } from '../model/errors';

/** A namespace's object as it is called. */
export type Stub = ReturnType<Env['NAMESPACES']['get']>;

/**
 * One call to an object, a namespace's where nothing else is said. It throws a `RegistryError` where the object refuses;
 * anything else is a failed call.
 */
export type RemoteCall<T, Called = Stub> = (object: Called) => Promise<T>;

/**
 * For what changes something: where the call fails, whether it happened is not known, and the caller must decide.
 *
 * @param stub Makes a new stub for each call: one that has thrown stays broken.
 */
export async function once<T, Called = Stub>(stub: () => Called, call: RemoteCall<T, Called>): Promise<T> {
  try {
    return await call(stub());
  } catch (error) {
    throw told(error);
  }
}

/** For reads: a failure that the platform calls passing, such as an object that moves, gets one more try. */
export async function again<T, Called = Stub>(stub: () => Called, call: RemoteCall<T, Called>): Promise<T> {
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
    'what answers this could not be reached; if this was a change, whether it happened is not known: read before you try again',
    { retryAfterSeconds: 1 },
    { cause: error },
  );
}
