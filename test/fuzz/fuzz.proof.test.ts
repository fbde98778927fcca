import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { type Change, changedResident, replaceOnce } from '../programs/changed-resident';
import { type Host, startOn } from '../programs/host';
import { temporaryFolder } from '../programs/temporary-folder';
import { type FuzzReport, fuzzRun, summary } from './fuzz-run';

/** Each run tries others. */
const seed = Date.now() % 2 ** 31;

/** Seed with which every planted defect is found: another one may not meet it in so few requests. */
const DEFECT_SEED = 7;

/** Runs against new registries. @param residentPath Path of another program of the resident host. */
async function run(requests: number, host: Host, residentPath?: string, more = {}): Promise<FuzzReport> {
  const start = () => startOn(host, { data: temporaryFolder(), residentPath });
  const document = join(PROJECT_ROOT, 'docs/openapi.json');
  const options = { start, requests, seed, document, ...more };
  const report = await fuzzRun(options);
  console.log(summary(report, options.seed, host));
  return report;
}

/** Runs against a resident host with a defect. */
async function runWith(requests: number, change: Change, more = {}): Promise<FuzzReport> {
  return run(requests, 'resident', await changedResident(temporaryFolder(), change), {
    seed: DEFECT_SEED,
    ...more,
  });
}

const TITLE = 'hostile requests get good answers, refused ones write nothing, and no tenant starves';

/** The short form of `npm run fuzz -- --requests 1000000`. */
it(`[I10, A13, A48, A50, F14, N26] ${TITLE} (seed ${seed})`, async () => {
  const requests = 5_000;
  const report = await run(requests, 'resident');
  expect(report.violations).toEqual([]);
  // A run in which everything is refused, or accepted, proves little. Each of the many dialect routes gets fewer requests.
  for (const [isOfDialect, share] of [
    [false, 0.75],
    [true, 0.5],
  ] as const) {
    const operations = Object.entries(report.byOperation).flatMap(([name, counts]) =>
      name.includes(' ') === isOfDialect ? [counts] : [],
    );
    expect(operations.filter(({ accepted }) => accepted > 0).length).toBeGreaterThan(operations.length * share);
    expect(operations.filter(({ refused }) => refused > 0).length).toBeGreaterThan(operations.length * share);
  }
  // Names with a space are routes of dialects; all others are those of the OpenAPI document.
  const unrequested = Object.entries(report.byOperation).flatMap(([name, { accepted, refused, open }]) =>
    name.includes(' ') || accepted + refused + open > 0 ? [] : [name],
  );
  expect(unrequested).toEqual([]);
  // Each of them gets few requests, and needs an entry or a lease that exists.
  for (const names of [
    ['readEntry', 'readEntryHistory'],
    ['readGrantedLease', 'renewGrantedLease', 'revokeGrantedLease'],
  ]) {
    expect(names.some((name) => (report.byOperation[name]?.accepted ?? 0) > 0)).toBe(true);
  }
  expect(report.unread).toBeLessThan(requests / 250);
  expect(report.lists).toBeGreaterThan(requests / 25);
});

// Only the code that passes requests and answers differs there.
it(`[I10, A13, A48, A50, F14, N26] ${TITLE}: in workerd, a few (seed ${seed})`, async () => {
  const report = await run(1_000, 'workerd');
  expect(report.violations).toEqual([]);
});

/** Place in the bundle at which native routes are registered. Each defect changes their answers. */
const REGISTERED = 'surface.router.on(method, pattern, pipeline(surface, { ...steps, path }));';
/** Place at which a dialect's routes are registered. The bundler may have numbered the names. */
const OF_DIALECT =
  /(?<!\.)router\.on\(method, path, (pipeline\(surface, \{ \.\.\.steps, path, authenticate.*? \}\))\);/;
/** Registers a handler that changes the answers. */
const withDefect = (router: 'surface.router' | 'router', handler: string, defect: string): string =>
  `const handle = ${handler};
   ${router}.on(method, ${router === 'router' ? 'path' : 'pattern'}, async (context) => { const response = await handle(context); ${defect} return response; });`;
const DEFECTS = [
  {
    name: 'a change is refused after it was written',
    defect: `if (method === 'put' && response.status === 201) throw new RegistryError('CONFLICT', 'too late');`,
    caught: /more was written than was accepted/,
  },
  {
    name: 'a response has undocumented members',
    defect: `if (['readService', 'listServices', 'listInstances', 'resolve'].includes(card.operation) && response.status === 200) {
      return Response.json({ ...(await response.json()), inside: 1 }, { headers: response.headers });
    }`,
    caught: /members that its schema does not know/,
  },
  {
    name: 'a refusal shows a token',
    defect: `if (card.operation === 'listServices') throw new RegistryError('CONFLICT', String(context.env.request.headers.get('authorization')));`,
    caught: /it shows a secret/,
  },
];

it('[I10] a failure is reduced to a few requests, and its path repeats them', async () => {
  // It fails before anything is looked up, so that each such request shows it, whatever came before.
  const handler = `const handle = pipeline(surface, { ...steps, path });
    surface.router.on(method, pattern, (context) => {
      if (context.env.request.headers.get('if-none-match')) throw new TypeError('oops');
      return handle(context);
    });`;
  const change: Change = (resident) => replaceOnce(resident, REGISTERED, handler);
  const { violations, lastWindow, path } = await runWith(3_000, change, { shrinks: true });
  expect(violations.join('\n')).toContain('no fault was injected, and it is 500');
  expect(lastWindow.length).toBeLessThan(4);
  const { lastWindow: repeated } = await runWith(3_000, change, { path });
  const withoutPort = (lines: string[]) => lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, ''));
  expect(withoutPort(repeated)).toEqual(withoutPort(lastWindow));
});

describe('the proof detects', () => {
  it.each(DEFECTS)('$name', async ({ defect, caught }) => {
    const handler = withDefect('surface.router', 'pipeline(surface, { ...steps, path })', defect);
    const report = await runWith(3_000, (resident) => replaceOnce(resident, REGISTERED, handler));
    expect(report.violations.join('\n')).toMatch(caught);
  });

  it.each([
    {
      name: 'virtual addresses need no grant',
      correct: 'if (claims.length === 0 ||',
      defect: 'if (true ||',
      caught: /is found as "[^"]*", which [\w-]+ has no grant for/,
    },
    {
      name: 'secure virtual addresses need no grant',
      correct: '["vipAddress", "secureVipAddress"]',
      defect: '["vipAddress"]',
      caught: /is found as "[^"]*", which [\w-]+ has no grant for/,
    },
    {
      name: 'a group may end in @',
      correct: /name\d*\.endsWith\(SEPARATOR_SIGN\) \?/,
      defect: 'false ?',
      caught: /a name is ambiguous/,
    },
  ])('$name', async ({ correct, defect, caught }) => {
    const report = await runWith(3_000, (resident) => replaceOnce(resident, correct, defect));
    expect(report.violations.join('\n')).toMatch(caught);
  });

  // The bundler numbers names.
  it.each([
    [
      'a token uses more than its share',
      /if \(held\d* \+ more\d* <= most\d*\) return;/,
      'return;',
      /its share is 50 %/,
    ],
    [
      'a refused action stays in the audit trail',
      /if \((code\d*) !== void 0 \|\| isUnchanged\d*\) this\.#removeBegun\(id\d*\);/,
      `if ($1 !== void 0) this.#storage.run("UPDATE audit SET outcome = 'refused' WHERE id = ?", id);`,
      // Whichever is first: the tenants' check, or the check of the writes of a window.
      /has an audit entry of a refused action|"outcome":"refused"/,
    ],
  ])('[N26, A56] %s', async (_, sound, defect, caught) => {
    const report = await runWith(64, (resident) => replaceOnce(resident, sound, defect));
    expect(report.violations.join('\n')).toMatch(caught);
  });

  it('a list with an item that a strict reader refuses', async () => {
    const escaped = /name \+= `_\.\$\{unit\.charCodeAt\(0\)\.toString\(16\)\.padStart\(4, "0"\)\}`/;
    const report = await runWith(3_000, (resident) => replaceOnce(resident, escaped, 'name += unit'));
    expect(report.violations.join('\n')).toMatch(/a strict reader can't read it/);
  });

  it('a response of a dialect that the dialect refuses', async () => {
    const defect = `if (method !== 'get' && response.ok) throw new RegistryError('CONFLICT', 'too late');`;
    const handler = withDefect('router', '$1', defect);
    const report = await runWith(3_000, (resident) => replaceOnce(resident, OF_DIALECT, handler));
    expect(report.violations.join('\n')).toMatch(/more was written than was accepted/);
  });
});
