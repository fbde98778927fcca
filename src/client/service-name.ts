/** A service by its two names. */
export interface ServiceName {
  group: string;
  service: string;
}

/** Reads a service as callers write it: `orders` in the default group, or `group@@orders`. */
export function serviceName(text: string): ServiceName {
  const at = text.indexOf('@@');
  return at < 0 ? { group: 'DEFAULT_GROUP', service: text } : { group: text.slice(0, at), service: text.slice(at + 2) };
}
