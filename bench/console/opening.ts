import type { Page } from '../../test/programs/browser';
import type { Finding } from '../figure';
import { ratios, spread } from '../statistics';
import { type ConsoleBench, LARGE_COUNT, PAGES } from './console-bench';

const PAINTED = `new Promise((resolve) => new PerformanceObserver((list) => {
  const [entry] = list.getEntriesByName('first-contentful-paint');
  if (entry) resolve(entry.startTime);
}).observe({ type: 'paint', buffered: true }))`;

/** Measures the first paint in a profile without a cache; the floor is the start page, which is static and has no script. */
export async function firstPaint(bench: ConsoleBench): Promise<Finding[]> {
  const paintOf = async (path: string): Promise<number> => {
    const context = await bench.newProfile();
    const page = await context.newPage();
    await page.goto(bench.server.origin + path);
    const at = Number(await bench.evaluate(page, PAINTED, 'nothing is painted'));
    await context.close();
    return at;
  };
  const [values, floors]: [number[], number[]] = [[], []];
  for (let round = 0; round < bench.rounds; round++) {
    floors.push(await paintOf('/'));
    values.push(await paintOf(`/console${PAGES.few}`));
  }
  return [
    {
      figure: 'first-paint',
      title: 'First paint, cold',
      unit: 'ms',
      value: spread(values),
      floor: { name: 'static page', value: spread(floors) },
      ratio: spread(ratios(values, floors)),
      goal: { of: 'value', atMost: 300 },
      note: 'from the start of the navigation to `first-contentful-paint`, in a profile without a cache; the static page is the start page of the same registry',
    },
  ];
}

/**
 * Goes to a page as a click does. Resolves with the time from then until the table has all of its rows, and the frame with
 * them is painted.
 */
const listed = (path: string) => `new Promise((resolve) => {
  const start = performance.now();
  const look = () => {
    const table = document.querySelector('[role=table]');
    if (table === null || Number(table.getAttribute('aria-rowcount')) !== ${LARGE_COUNT + 1}) return;
    observer.disconnect();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now() - start);
    requestAnimationFrame(() => port2.postMessage(0));
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { subtree: true, childList: true, attributes: true });
  history.pushState(null, '', '/console${path}');
})`;

/** Measures the time to list 10,000; the floor is `fetch` of the same pages in the same tab, one after the other. */
export async function listing(bench: ConsoleBench): Promise<Finding[]> {
  const context = await bench.newProfile();
  const page = await context.newPage();
  const open = async (path: string): Promise<number> => {
    await page.goto(`${bench.server.origin}/console/`);
    await page.locator('main').first().waitFor();
    return Number(await bench.evaluate(page, listed(path), `${path} does not list all`));
  };
  const findings: Finding[] = [];
  for (const [name, path] of [
    ['instances', PAGES.instances],
    ['services', PAGES.services],
  ] as const) {
    const [values, floors]: [number[], number[]] = [[], []];
    for (let round = 0; round < bench.rounds; round++) {
      values.push(await open(path));
      floors.push(await readAll(page, name));
    }
    findings.push({
      figure: 'listing',
      title: `${LARGE_COUNT.toLocaleString('en')} ${name} listed`,
      unit: 'ms',
      value: spread(values),
      floor: { name: 'fetch', value: spread(floors) },
      ratio: spread(ratios(values, floors)),
      ...(name === 'instances' && { goal: { of: 'value', atMost: 600 } as const }),
      note: 'from the click on the link until the rows are painted and the table has all of them; *fetch* reads and parses the same responses in the same tab',
    });
  }
  await context.close();
  return findings;
}

/** Reads a list page by page, as the console does, and returns the time. */
async function readAll(page: Page, name: 'instances' | 'services'): Promise<number> {
  const path = {
    instances: '/api/v1/ns/public/groups/DEFAULT_GROUP/services/large/instances',
    services: '/api/v1/ns/wide/services',
  }[name];
  return Number(
    await page.evaluate(`(async () => {
      const start = performance.now();
      const headers = { Authorization: 'Bearer ' + sessionStorage.getItem('rollcall-token') };
      for (let after = ''; ; ) {
        const { next } = await (await fetch('${path}?limit=200' + after, { headers })).json();
        if (next === undefined) return performance.now() - start;
        after = '&after=' + encodeURIComponent(next);
      }
    })()`),
  );
}
