/**
 * Throws where the function of a transaction was asynchronous: its type lets it pass as one that returns nothing, and it
 * would go on writing after the commit.
 */
export function refusePromise(result: unknown): void {
  if (result instanceof Promise) throw new TypeError('a transaction must be synchronous; its function gave a promise');
}
