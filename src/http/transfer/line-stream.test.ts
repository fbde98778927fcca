import { expect, it } from 'vitest';
import { RegistryError } from '../../model/errors';
import { lineStream } from './line-stream';

/** Lines that count how many were produced, and record whether their generator was closed. */
function counted(count: number) {
  const made = { lines: 0, isOver: false };
  async function* lines(): AsyncGenerator<string> {
    try {
      while (made.lines < count) yield `${++made.lines}\n`;
    } finally {
      made.isOver = true;
    }
  }
  return { made, lines: lines() };
}

it('[Z5] produces lines only as the reader takes them', async () => {
  const { made, lines } = counted(100);
  const reader = lineStream(lines, String).body?.getReader();
  await new Promise((passed) => setImmediate(passed));
  expect(made.lines).toBe(0);
  await reader?.read();
  await reader?.read();
  await new Promise((passed) => setImmediate(passed));
  expect(made.lines).toBe(2);
});

it('[Z11] closes its source when the reader disconnects', async () => {
  const { made, lines } = counted(100);
  const reader = lineStream(lines, String).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(made).toEqual({ lines: 1, isOver: true });
});

it('[Z5] reports an error in the last line, and an unexpected one by an id only', async () => {
  const noted: unknown[] = [];
  const noteFailure = (error: unknown) => `r${noted.push(error)}`;
  async function* failing(error: Error): AsyncGenerator<string> {
    yield '1\n';
    throw error;
  }
  const gone = lineStream(failing(new RegistryError('COMPACTED', 'gone')), noteFailure);
  expect(await gone.text()).toBe('1\n{"kind":"failed","code":"COMPACTED","detail":"gone"}\n');
  expect(noted).toEqual([]);
  const odd = await lineStream(failing(new Error('secret')), noteFailure).text();
  expect(odd).toMatch(/^1\n\{"kind":"failed","code":"INTERNAL","detail":"[^"]*request r1"\}\n$/);
  expect(noted).toEqual([new Error('secret')]);
});
