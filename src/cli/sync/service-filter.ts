import { type ServiceName, serviceText } from '../options/option-values';

/** Which services are mirrored: all of them, or those that are named. */
export type ServiceFilter = (service: ServiceName) => boolean;

/**
 * Services by their names, `orders` or `group@@orders`, each exact or with a `*` at its end.
 *
 * @param isSame Whether two names are the same to the source: Eureka does not know lower case.
 */
export function serviceFilter(
  patterns: readonly string[],
  isSame: (one: string, other: string) => boolean = (one, other) => one === other,
): ServiceFilter {
  if (patterns.length === 0) return () => true;
  return (service) => {
    const name = serviceText(service);
    return patterns.some((pattern) => {
      if (!pattern.endsWith('*')) return isSame(name, pattern);
      const stem = pattern.slice(0, -1);
      return isSame(name.slice(0, stem.length), stem);
    });
  };
}
