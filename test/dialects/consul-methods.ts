import { createRequire } from 'node:module';
import { join } from 'node:path';

const clients = createRequire(join(import.meta.dirname, '../clients/package.json'));

/** Calls a method of the client of npm by its dotted name, such as `agent.check.pass`. */
export type CallMethod = (name: string, ...words: unknown[]) => Promise<unknown>;

/**
 * Creates the unmodified client of npm.
 *
 * @param baseUrl URL of the API, with `/v1`.
 * @param options Options of the client, such as its token.
 */
export function npmClient(baseUrl: string, options: object): object {
  // `as`: the types of the package need ones of Node that another version has.
  const Consul = clients('consul') as new (options: object) => object;
  return new Consul({ baseUrl, ...options });
}

/** Returns the dotted names of all public methods that an object and its parts have. */
export function methodsOf(value: object, prefix = ''): string[] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(value));
  const own = names.filter((name) => name !== 'constructor' && !name.startsWith('_'));
  const parts = Object.entries(value).flatMap(([name, part]) => {
    const isPart = typeof part === 'object' && part !== null && name !== 'consul' && !name.startsWith('_');
    return isPart ? methodsOf(part, `${prefix}${name}.`) : [];
  });
  return [...own.map((name) => prefix + name), ...parts];
}

/** Returns a function that calls methods of a client. */
export function methodCaller(client: object): CallMethod {
  return async (name, ...words) => {
    const path = name.split('.');
    const method = path.pop() ?? '';
    let owner: unknown = client;
    for (const part of path) owner = Object(owner)[part];
    return Object(owner)[method](...words);
  };
}
