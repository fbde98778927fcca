/** A method of an interface that has nothing but asynchronous methods. */
type Method = (...parameters: unknown[]) => Promise<unknown>;

/** A call of one method with its arguments, to be made on whichever object implements the interface at the time. */
export type PendingCall<Api> = (api: Api) => Promise<unknown>;

/**
 * Returns an object of an interface that hands every call to one function, which chooses the implementation to call.
 *
 * @param perform Makes the call, at once or later. Its promise is the caller's.
 */
export function callsThrough<Api extends object>(perform: (call: PendingCall<Api>) => Promise<unknown>): Api {
  const methods = new Map<PropertyKey, Method>();
  const get = (_target: object, name: PropertyKey): Method => {
    const known = methods.get(name);
    if (known !== undefined) return known;
    // `as`, twice: the interface has nothing but asynchronous methods, and callers only use its names.
    const method: Method = (...given) => perform((api) => (api[name as keyof Api] as Method).apply(api, given));
    methods.set(name, method);
    return method;
  };
  return new Proxy({}, { get }) as Api; // `as`: a proxy is typed by its target
}
