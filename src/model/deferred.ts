/** A promise that is settled from outside. */
export interface Deferred<Value> {
  promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

/** Creates a promise to settle from outside: `Promise.withResolvers`, which Node has since version 22. */
export function deferred<Value>(): Deferred<Value> {
  // A promise calls its executor at once, so neither stays as it is.
  let resolve: Deferred<Value>['resolve'] = () => {};
  let reject: Deferred<Value>['reject'] = () => {};
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  // A timeout that nothing waits for any more is no unhandled rejection.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
