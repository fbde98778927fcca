import type { Result } from 'hono/router';
import { decodedPath } from './request-target';

/** The variable parts of a path, by the names that its route has for them. None is decoded before it is asked for. */
export class PathNames {
  readonly #found: Result<unknown>;

  /** @param found What the router found; of several routes the first counts. */
  constructor(found: Result<unknown>) {
    this.#found = found;
  }

  /**
   * One part, percent-decoded once; undefined where the route has none of this name.
   *
   * @throws {RegistryError} `INVALID_REQUEST` where it can't be decoded.
   */
  of(name: string): string | undefined {
    const sent = this.#sent(name);
    return sent === undefined ? undefined : decodedPath(sent);
  }

  /** All of them. @throws {RegistryError} As {@link of} does. */
  all(): Record<string, string> {
    const names: Record<string, string> = {};
    for (const name of Object.keys(this.#found[0][0]?.[1] ?? {})) {
      const value = this.of(name);
      if (value !== undefined) names[name] = value;
    }
    return names;
  }

  /** Some routers give the parts themselves, others their places in a list. */
  #sent(name: string): string | undefined {
    const found = this.#found;
    if (found.length === 1) return found[0][0]?.[1][name];
    const place = found[0][0]?.[1][name];
    return place === undefined ? undefined : found[1][place];
  }
}
