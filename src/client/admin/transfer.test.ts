import { describe, expect, it } from 'vitest';
import { rollcallAdmin } from '../admin';
import { readLines } from './transfer';

/** A registry that answers with a body, and remembers what it was sent. */
function stage(body: string) {
  const sent: { url: string; type: string; body: string }[] = [];
  const admin = rollcallAdmin({
    url: 'https://registry.example',
    token: 't',
    namespace: 'shop',
    fetch: async (url, init = {}) => {
      const type = (init.headers as Record<string, string>)['Content-Type'] ?? ''; // `as`: what this client sends
      sent.push({ url, type, body: init.body ? await new Response(init.body).text() : '' });
      return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
    },
  });
  return { admin, sent };
}

const FILE = '{"kind":"rollcall-export","version":1}\n{"kind":"end","services":0,"overrides":0,"instances":0}\n';
const DONE =
  '{"kind":"done","mode":"merge","dryRun":false,"added":1,"changed":0,"removed":0,"unchanged":0,"cursor":"c","revision":1}\n';

describe('exportNamespace', () => {
  it('streams the file unchanged', async () => {
    const { admin, sent } = stage(FILE);
    expect(await new Response(await admin.exportNamespace()).text()).toBe(FILE);
    expect(sent[0]?.url).toBe('https://registry.example/api/v1/ns/shop/export');
  });

  it.each([
    ['without entries', FILE, 0],
    ['with entries', FILE.replace('"instances":0', '"instances":0,"entries":3'), 3],
  ])('reports the counts of a file %s', async (_, body, entries) => {
    const counts: object[] = [];
    const exported = await stage(body).admin.exportNamespace({ onEnd: (each) => counts.push(each) });
    await new Response(exported).text();
    expect(counts).toMatchObject([{ services: 0, overrides: 0, instances: 0, entries }]);
  });

  it.each([
    ['was cut off', FILE.slice(0, -60), 'UNREACHABLE'],
    ['is empty', '', 'UNREACHABLE'],
    [
      'broke off with an error',
      `${FILE.split('\n')[0]}\n{"kind":"failed","code":"COMPACTED","detail":"gone"}\n`,
      'COMPACTED',
    ],
  ])('[Z5] fails if the file %s', async (_, body, code) => {
    const { admin } = stage(body);
    await expect(new Response(await admin.exportNamespace()).text()).rejects.toMatchObject({ code });
  });
});

describe('importNamespace', () => {
  it('sends the file as lines, reports differences and progress, and returns the result', async () => {
    const { admin, sent } = stage(
      `{"kind":"difference","change":"added","record":"instance","group":"g","service":"s","id":"a"}\n{"kind":"progress","done":1,"of":2}\n${DONE}`,
    );
    const reports: unknown[] = [];
    const done = await admin.importNamespace({
      mode: 'merge',
      dryRun: true,
      body: new Response(FILE).body ?? '',
      onDifference: ({ id }) => reports.push(id),
      onProgress: ({ done: so, of }) => reports.push(`${so}/${of}`),
    });
    expect(done).toMatchObject({ kind: 'done', added: 1 });
    expect(reports).toEqual(['a', '1/2']);
    expect(sent).toEqual([
      {
        url: 'https://registry.example/api/v1/ns/shop/import?mode=merge&dryRun=true',
        type: 'application/x-ndjson',
        body: FILE,
      },
    ]);
  });

  it.each([
    ['the error that interrupted it', '{"kind":"failed","code":"UNAVAILABLE","detail":"x"}\n', 'UNAVAILABLE'],
    ['an error if the response was cut off', '{"kind":"progress","done":1,"of":2}\n', 'UNREACHABLE'],
  ])('[Z11] throws %s', async (_, body, code) => {
    await expect(stage(body).admin.importNamespace({ mode: 'merge', body: FILE })).rejects.toMatchObject({ code });
  });
});

async function linesOf(...chunks: string[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(Uint8Array.from(Buffer.from(chunk, 'latin1')));
      controller.close();
    },
  });
  return allOf(body);
}

async function allOf(body: ReadableStream<Uint8Array> | null): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(body)) lines.push(line);
  return lines;
}

it('splits lines across chunks, and skips empty ones', async () => {
  expect(await linesOf('a\nb', 'c\n\nd')).toEqual(['a', 'bc', 'd']);
  // The two bytes of an ä, apart.
  expect(await linesOf('\xc3', '\xa4\n')).toEqual(['ä']);
  expect(await linesOf()).toEqual([]);
  expect(await allOf(null)).toEqual([]);
});
