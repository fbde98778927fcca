import type { Admin } from '../../src/client/admin';
import type { Tab } from './tab';

/** An instance whose lease outlives any test. */
export const LASTING = { address: '10.0.0.7', port: 8080, lease: { ttlMs: 3_600_000 } } as const;

/** Returns the mounted rows of the list of services, such as `orders: 2 of 3`, sorted. */
export const rowsOf = (tab: Tab): Promise<unknown> =>
  tab.page.evaluate(`[...document.querySelectorAll('.rows .body .row')]
    .map((row) => row.querySelector('.name').textContent + ': ' + row.querySelector('.cnt').textContent).sort()`);

/** Returns the same as the registry lists it. */
export const servicesOf = async (admin: Admin, ns: string): Promise<string[]> =>
  (await admin.listServices({ ns })).services
    .map(({ name, available, instances }) => `${name}: ${available} of ${instances}`)
    .sort();
