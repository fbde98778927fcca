import type { InstanceList } from '../wire/answers';
import type { Instance } from '../wire/instance';
import type { CallOptions, RegistryHttp } from '../wire/registry-http';

/**
 * Reads all instances of a list, of which one response holds up to 8 MiB. Further pages are read at the cursor of the
 * first, so that together they are a snapshot of the service.
 *
 * @param path Path of the list.
 * @param first Response with the first page; its body is read here.
 * @param options Options of the first request, without its condition.
 */
export async function wholeList(
  http: RegistryHttp,
  path: string,
  first: Response,
  options: CallOptions,
): Promise<Instance[]> {
  const at = first.headers.get('rollcall-cursor') ?? undefined;
  // `as`: the response of the list of instances; platforms differ in the types of bodies
  let { instances, next } = (await first.json()) as InstanceList;
  if (!Array.isArray(instances)) throw await http.failure(first, 'GET', path);
  while (next !== undefined) {
    const query = { ...options.query, at, after: next };
    const page = await http.call<InstanceList>('GET', path, { ...options, query });
    instances = instances.concat(page.instances);
    next = page.next;
  }
  return instances;
}
