/** A promise that is settled from outside. */
export interface Deferred<Value> {
  promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

/** Creates a promise to settle from outside: `Promise.withResolvers`, which Node has since version 22. */
export function deferred<Value>(): Deferred<Value> {
  let settle: Pick<Deferred<Value>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // A timeout that nothing waits for any more is no unhandled rejection.
  promise.catch(() => {});
  if (settle === undefined) throw new Error('a promise calls its executor at once');
  return { promise, ...settle };
}
