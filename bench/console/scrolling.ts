import type { Page } from '../../test/programs/browser';
import type { Finding } from '../figure';
import { percentile, ratios, spread } from '../statistics';
import { type ConsoleBench, PAGES } from './console-bench';

/** Frames of a measurement. */
const FRAMES = 600;

/** Scrolls by a part of a screen in each frame. Returns the times between frames, and the largest number of rows mounted. */
const SCROLL = `new Promise((resolve) => {
  const times = [];
  let rows = 0;
  let last;
  scrollTo(0, 0);
  const step = (at) => {
    if (last !== undefined) times.push(at - last);
    last = at;
    if (times.length === ${FRAMES}) {
      resolve({ times, rows });
      return;
    }
    scrollBy(0, 137);
    if (times.length % 20 === 0) rows = Math.max(rows, document.querySelectorAll('.rows .body .row').length);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

const MEGABYTE = 1_000_000;

/** Measures frames while a long list scrolls, the rows in the document, and the memory of the tab. */
export async function scrolling(bench: ConsoleBench): Promise<Finding[]> {
  const context = await bench.newProfile();
  const heapOf = async (page: Page): Promise<number> => {
    const session = await context.newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    // `as`: as the protocol documents
    const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
    return usedSize / MEGABYTE;
  };
  const empty = await context.newPage();
  await empty.goto(`${bench.server.origin}/console/`);
  await empty.locator('h1').waitFor();
  const emptyHeap = await heapOf(empty);
  const page = await bench.visit(context, PAGES.instances);
  await page.locator('[aria-rowcount="10001"]').waitFor();
  const heap = await heapOf(page);
  const plain = await context.newPage();
  await plain.goto(`${bench.server.origin}/`);
  await plain.evaluate(`document.body.style.height = '400000px'`);
  const findings: Finding[] = [];
  let mostRows = 0;
  for (const [title, rate, atMost] of [
    ['Frame while 10,000 instances scroll, p99', 1, 17],
    ['The same with a processor that is 4 times slower, p99', 4, 34],
  ] as const) {
    /** Scrolls a page at the speed of this processor, and returns the 99th percentile of its frames. */
    const scroll = async (each: Page): Promise<number> => {
      const session = await context.newCDPSession(each);
      await session.send('Emulation.setCPUThrottlingRate', { rate });
      await each.bringToFront();
      const { times, rows } = (await each.evaluate(SCROLL)) as { times: number[]; rows: number }; // `as`: see SCROLL
      await session.detach();
      mostRows = Math.max(mostRows, rows);
      return percentile(times, 0.99);
    };
    const [values, floors]: [number[], number[]] = [[], []];
    for (let round = 0; round < bench.rounds; round++) {
      floors.push(await scroll(plain));
      values.push(await scroll(page));
    }
    const note = `${FRAMES} frames a round, each 137 pixels further; the browser draws one each 16.7 ms at most`;
    findings.push({
      figure: 'scrolling',
      title,
      unit: 'ms',
      value: spread(values),
      floor: { name: 'empty page', value: spread(floors) },
      ratio: spread(ratios(values, floors)),
      goal: { of: 'value', atMost },
      note,
    });
  }
  await context.close();
  const alone = (value: number) => ({ median: value, least: value, most: value });
  findings.push(
    {
      figure: 'scrolling',
      title: 'Rows in the document, the most while scrolling',
      unit: 'rows',
      value: alone(mostRows),
      goal: { of: 'value', atMost: 60 },
    },
    {
      figure: 'scrolling',
      title: 'Heap of the tab with 10,000 instances',
      unit: 'MB',
      value: alone(heap),
      floor: { name: 'console without them', value: alone(emptyHeap) },
      ratio: alone(heap / emptyHeap),
      note: "V8's heap after a garbage collection",
    },
  );
  return findings;
}
