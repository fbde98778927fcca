/** `typeof Symbol.asyncDispose`, if the `lib` of the program declares it; otherwise `never`. */
type AsyncDisposeKey = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol } ? Key : never;

/**
 * `AsyncDisposable`, for `await using`, in programs whose `lib` has it. Without members in others, which could not compile
 * the package's declarations if they named it.
 */
export type AsyncDisposal = { [Key in AsyncDisposeKey]: () => Promise<void> };
