import { describe, expect, it } from 'vitest';
import { type Home, NS, serviceAt } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

/** Registers the tests of export and import on the whole registry. */
export function transferSuite({ ask, send, ns }: Home): void {
  const HEADER = '{"kind":"rollcall-export","version":1}';
  const END = (instances: number) => `{"kind":"end","services":0,"overrides":0,"instances":${instances}}`;
  const line = (id: string, more: object = {}) =>
    JSON.stringify({
      kind: 'instance',
      service: 'orders',
      group: 'g',
      id,
      address: '10.0.0.7',
      port: 80,
      ephemeral: false,
      ...more,
    });

  const file = (...ids: string[]) => [HEADER, ...ids.map((id) => line(id)), END(ids.length)].join('\n');

  const NDJSON = { 'content-type': 'application/x-ndjson' };

  /** Decodes the body itself, because `text()` on a body of lines makes the runtime warn. */
  const textOf = async (response: Response) => new TextDecoder().decode(await response.arrayBuffer());

  async function importText(text: string | ReadableStream, query = '?mode=merge') {
    const response = await send('POST', `${NS}/import${query}`, {
      headers: { authorization: `Bearer ${ROOT_TOKEN}`, ...NDJSON },
      body: text,
    });
    const body = await textOf(response);
    const isLines = response.headers.get('content-type') === 'application/x-ndjson';
    const lines: Record<string, unknown>[] = (isLines ? body.trim().split('\n') : [body]).map((each) =>
      JSON.parse(each),
    );
    return { status: response.status, lines, done: lines.at(-1) ?? {} };
  }

  async function exported(): Promise<string[]> {
    const response = await send('GET', `${NS}/export`, { headers: { authorization: `Bearer ${ROOT_TOKEN}` } });
    return (await textOf(response)).trim().split('\n');
  }

  const ids = async () =>
    (await ask<{ instances: { id: string }[] }>('GET', `${serviceAt('orders')}/instances`)).body.instances.map(
      ({ id }) => id,
    );

  describe('an export file', () => {
    it('[Z5, Z6, Z10] contains everything, and recreates it in another namespace', async () => {
      await ask('PUT', `${serviceAt('orders')}/instances/a`, {
        address: '10.0.0.1',
        port: 1,
        extensions: { nacos: { b: [1] } },
      });
      await ask('PUT', serviceAt('orders'), { protectThreshold: 0.5, selector: { type: 'label', expression: 'x' } });
      await ask('PUT', `${serviceAt('orders')}/instances/a/override`, { weight: 3, quarantine: { reason: 'r' } });
      const before = await exported();
      expect(before).toHaveLength(5);
      const answer = await importText(file('b', 'c'), '?mode=replace');
      expect(answer.done).toMatchObject({ kind: 'done', mode: 'replace', added: 2, removed: 3, unchanged: 0 });
      expect(await ids()).toEqual(['b', 'c']);
      const back = await importText(before.join('\n'), '?mode=replace');
      expect(back.done).toMatchObject({ added: 3, changed: 0, removed: 2 });
      expect((await exported()).slice(1)).toEqual(before.slice(1));
    });

    it('[Z6] shows in a dry run what would change, and changes nothing', async () => {
      await importText(file('a', 'b'));
      const text = [HEADER, line('b', { weight: 2 }), line('c'), END(2)].join('\n');
      const { lines } = await importText(text, '?mode=replace&dryRun=true');
      expect(lines.slice(0, -1).map(({ change, id }) => `${change} ${id}`)).toEqual([
        'changed b',
        'added c',
        'removed a',
      ]);
      expect(lines.at(-1)).toMatchObject({
        kind: 'done',
        dryRun: true,
        added: 1,
        changed: 1,
        removed: 1,
        unchanged: 0,
      });
      expect(await ids()).toEqual(['a', 'b']);
      expect((await ask<{ entries: object[] }>('GET', `${NS}/history`)).body.entries).toHaveLength(1);
    });

    it('[Z5, Z6, Z10] contains entries, in a version of its own, and recreates them', async () => {
      const header = HEADER.replace('1}', '2}');
      const end = (entries: number) => END(0).replace('}', `,"entries":${entries}}`);
      const large = 'A'.repeat(699_048);
      const entries = [
        JSON.stringify({ kind: 'entry', key: 'config/a', value: '{"a":1}', contentType: 'application/json' }),
        JSON.stringify({ kind: 'entry', key: 'large', valueBase64: large }),
        JSON.stringify({ kind: 'entry', keyBase64: '/wA=', value: '' }),
      ];
      const answer = await importText([header, ...entries, end(3)].join('\n'), '?mode=replace');
      expect(answer.done).toMatchObject({ kind: 'done', added: 3, unchanged: 0 });
      const [first, ...rest] = await exported();
      expect(JSON.parse(first ?? '')).toMatchObject({ version: 2, counts: { instances: 0, entries: 3 } });
      expect(rest).toEqual([...entries, end(3)]);
      const again = await importText([first, ...rest].join('\n'), '?mode=merge');
      expect(again.done).toMatchObject({ added: 0, changed: 0, unchanged: 3 });
      const { lines } = await importText(file('a'), '?mode=replace&dryRun=true');
      expect(lines.slice(1, -1)).toEqual([
        { kind: 'difference', change: 'removed', record: 'entry', key: 'config/a' },
        { kind: 'difference', change: 'removed', record: 'entry', key: 'large' },
        { kind: 'difference', change: 'removed', record: 'entry', keyBase64: '/wA=' },
      ]);
      // An earlier version of the registry can read a file without entries.
      await importText(file('a'), '?mode=replace');
      const without = await exported();
      expect([JSON.parse(without[0] ?? '').version, without.at(-1)]).toEqual([1, END(1)]);
    });

    it.each([
      ['is empty', '', 400, 'it must start with a header line'],
      ['has no header', [line('a'), END(1)].join('\n'), 400, 'line 1: kind: must be "rollcall-export"'],
      ['is of a newer version', [HEADER.replace('1}', '3,"more":{}}'), '?'].join('\n'), 400, 'version 3'],
      ['was cut off', [HEADER, line('a')].join('\n'), 400, 'line 2: the file ends here'],
      ['lost a line', [HEADER, line('a'), END(2)].join('\n'), 400, 'line 3: it counts 2 instances, but the file has 1'],
      ['has something after its end', `${file('a')}\n${line('b')}`, 400, 'line 4: it follows the line'],
      ['is not JSON', [HEADER, '{"kind":', END(0)].join('\n'), 400, 'line 2: it is not JSON'],
      [
        'has an unknown member',
        [HEADER, line('a'), line('b', { wait: 1 }), END(2)].join('\n'),
        400,
        'line 3: wait: is unknown',
      ],
      [
        'has a record twice',
        file('a', 'b', 'a'),
        400,
        'line 4: the instance "a" of service "orders" is already in line 2',
      ],
      ['has a line of 10 MB', [HEADER, line('x'.repeat(10_000_000))].join('\n'), 413, 'line 2 has more than'],
    ])('[Z7, I10] that %s is refused, with the line, and nothing changes', async (_, text, status, message) => {
      const answer = await importText(text);
      expect([answer.status, answer.done.detail]).toEqual([status, expect.stringContaining(message)]);
      expect(await ids()).toEqual([]);
      expect((await ask<{ entries: object[] }>('GET', `${NS}/history`)).body.entries).toEqual([]);
    });

    it('[Z7] that is not UTF-8 is refused, with the line', async () => {
      const bytes = new TextEncoder().encode(file('a', 'b'));
      bytes[bytes.lastIndexOf(0x62)] = 0xff;
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(bytes);
          controller.close();
        },
      });
      expect(await importText(body)).toMatchObject({
        status: 400,
        done: { detail: 'line 3 is not UTF-8; encode the file as UTF-8' },
      });
    });

    it('[Z7, H3] is refused without the content type of lines', async () => {
      const answer = await ask('POST', `${NS}/import?mode=merge`, file('a'));
      expect(answer.status).toBe(415);
    });
  });

  it('[Z5, Z8] thousands of instances are transferred in chunks that split lines', async () => {
    const many = Array.from({ length: 6_000 }, (_, index) => `i${String(index).padStart(5, '0')}`);
    const bytes = new TextEncoder().encode(file(...many));
    let at = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        if (at >= bytes.length) controller.close();
        else controller.enqueue(bytes.slice(at, at + 65_521));
        at += 65_521;
      },
    });
    const { lines, done } = await importText(body);
    expect(done).toMatchObject({ kind: 'done', added: 6_000 });
    expect(lines[0]).toEqual({ kind: 'progress', done: 4_000, of: 6_000 });
    const out = await exported();
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ namespace: ns(), counts: { instances: 6_000 } });
    expect(out.at(-1)).toBe(END(6_000));
    expect(out).toHaveLength(6_002);
  });
}
