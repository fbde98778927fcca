import { expect, it } from 'vitest';
import { fileLines } from './file-lines';

/** A body of these pieces, which then ends, or breaks off. */
function bodyOf(pieces: readonly string[], breaksOff = false): ReadableStream<Uint8Array> {
  const left = pieces.map((piece) => new TextEncoder().encode(piece));
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next !== undefined) controller.enqueue(next);
      else if (breaksOff) controller.error(new Error('Network connection lost.'));
      else controller.close();
    },
  });
}

/** All lines of a body, each with its number. */
async function linesOf(body: ReadableStream<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { number, text } of fileLines(body, () => 0)) lines.push(`${number} ${text}`);
  return lines;
}

it('[Z5] puts lines together however they come, and counts those that it leaves out', async () => {
  const body = bodyOf(['\uFEFFon', 'e\r\n\ntw', 'o\nthr', '', 'ee']);
  expect(await linesOf(body)).toEqual(['1 one', '3 two', '4 three']);
});

it('[I10, Z11] blames nobody here for a file whose sender leaves', async () => {
  await expect(linesOf(bodyOf(['one\ntw'], true))).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: 'the body broke off before its end; send it again',
  });
});
