import type { HonoRequest } from 'hono';
import { assertDecodable } from './request-target';

/** The variable parts of a path, by the names that its route has for them. None is decoded before it is asked for. */
export class PathNames {
  readonly #request: Pick<HonoRequest, 'param' | 'path'>;

  constructor(request: Pick<HonoRequest, 'param' | 'path'>) {
    this.#request = request;
  }

  /**
   * One part, percent-decoded once; undefined where the route has none of this name.
   *
   * @throws {RegistryError} `INVALID_REQUEST` where the path can't be decoded.
   */
  of(name: string): string | undefined {
    assertDecodable(this.#request.path);
    return this.#request.param(name);
  }

  /** All of them. @throws {RegistryError} As {@link of} does. */
  all(): Record<string, string> {
    assertDecodable(this.#request.path);
    return this.#request.param();
  }
}
