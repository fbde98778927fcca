import { expect, it } from 'vitest';
import { readLines } from './read-lines';

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

it('gives lines however they were cut, and no empty ones', async () => {
  expect(await linesOf('a\nb', 'c\n\nd')).toEqual(['a', 'bc', 'd']);
  // The two bytes of an ä, apart.
  expect(await linesOf('\xc3', '\xa4\n')).toEqual(['ä']);
  expect(await linesOf()).toEqual([]);
  expect(await allOf(null)).toEqual([]);
});
