import type { Place } from './registry-socket';

/** Makes a call of the native API on the namespace `public`. */
export async function call<Body>(place: Place, method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await fetch(`${place.url}/api/v1/ns/public${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${place.rootToken}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as Body; // `as`: the caller knows the answer's shape
}

export const servicePath = (service: string): string => `/groups/DEFAULT_GROUP/services/${service}`;

export const instancePath = (service: string, id: string): string => `${servicePath(service)}/instances/${id}`;

/** Registers an instance that stays until it is deregistered. */
export async function put(place: Place, service: string, id: string, port: number): Promise<void> {
  await call(place, 'PUT', instancePath(service, id), { address: '127.0.0.1', port, ephemeral: false });
}

/** Returns the ids of a service's instances from reads: several if one answer can't contain them all. */
export async function idsOf(place: Place, service: string): Promise<string[]> {
  const ids: string[] = [];
  for (let after = ''; ; ) {
    const page = await call<{ instances: { id: string }[]; next?: string }>(
      place,
      'GET',
      `${servicePath(service)}/instances${after}`,
    );
    ids.push(...page.instances.map(({ id }) => id));
    if (page.next === undefined) return ids.sort();
    after = `?after=${encodeURIComponent(page.next)}`;
  }
}
