import type { InstanceList } from '../wire/answers';
import type { Instance } from '../wire/instance';
import type { CallOptions, RegistryHttp } from '../wire/registry-http';

/**
 * All instances of a list, of which one answer holds up to 8 MiB: the further pages are read as of the moment of the
 * first, so that together they are the service as it was then.
 *
 * @param path Of the list.
 * @param first The answer with the first page; its body is read here.
 * @param options Those that the first page was asked with, without its condition.
 */
export async function wholeList(
  http: RegistryHttp,
  path: string,
  first: Response,
  options: CallOptions,
): Promise<Instance[]> {
  const at = first.headers.get('rollcall-cursor') ?? undefined;
  // `as`: what the list of instances answers; the types of each platform differ on what a body may be
  let { instances, next } = (await first.json()) as InstanceList;
  while (next !== undefined) {
    const query = { ...options.query, at, after: next };
    const page = await http.call<InstanceList>('GET', path, { ...options, query });
    instances = instances.concat(page.instances);
    next = page.next;
  }
  return instances;
}
