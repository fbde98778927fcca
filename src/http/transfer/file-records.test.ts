import { describe, expect, it } from 'vitest';
import { utf8Bytes } from '../../model/bytes';
import { ENTRY_VALUE_MAX_BYTES, IMPORT_ENTRY_LINE_MAX_BYTES, IMPORT_LINE_MAX_BYTES } from '../../model/limits';
import type { NumberedRecord } from '../../model/transfer';
import { fileLines } from './file-lines';
import { fileRecords } from './file-records';

const HEADER = { kind: 'rollcall-export', version: 2 };

/** Reads a file of a header and some lines, and returns its pieces. */
async function piecesOf(...lines: object[]): Promise<NumberedRecord[][]> {
  const text = [HEADER, ...lines].map((line) => JSON.stringify(line)).join('\n');
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(utf8Bytes(text));
      controller.close();
    },
  });
  const pieces: NumberedRecord[][] = [];
  for await (const piece of fileRecords(fileLines(body, () => 0))) pieces.push(piece);
  return pieces;
}

const end = (entries?: number): object => ({ kind: 'end', services: 0, overrides: 0, instances: 0, entries });
const entry = (more: object): object => ({ kind: 'entry', ...more });

describe('lines of entries', () => {
  it('[Z5] have keys and values as text or as base64', async () => {
    const [records] = await piecesOf(
      entry({ key: 'ü', value: 'ü', contentType: 'text/plain' }),
      entry({ keyBase64: '/wA=', valueBase64: 'AP8=' }),
      entry({ value: '', key: 'empty' }),
      end(3),
    );
    expect(records).toEqual([
      { kind: 'entry', key: '\u00c3\u00bc', value: '\u00c3\u00bc', contentType: 'text/plain', line: 2 },
      { kind: 'entry', key: '\u00ff\u0000', value: '\u0000\u00ff', line: 3 },
      { kind: 'entry', key: 'empty', value: '', line: 4 },
    ]);
  });

  it.each([
    ['no key', { value: 'x' }, 'line 2: key: give it either as text or as base64'],
    ['two keys', { key: 'a', keyBase64: 'YQ==', value: 'x' }, 'line 2: key: give it either as text or as base64'],
    ['no value', { key: 'a' }, 'line 2: value: give it either as text or as base64'],
    ['an empty key', { key: '', value: 'x' }, 'line 2: key: a key must not be empty'],
    [
      'a key of 4 KiB and one byte',
      { key: 'k'.repeat(4_097), value: 'x' },
      'line 2: key: a key has at most 4096 bytes',
    ],
    ['a value that is not base64', { key: 'a', valueBase64: 'a' }, 'line 2: value: must be base64'],
    ['half of a character', { key: 'a', value: '\ud800' }, 'line 2: value: has half of a surrogate pair'],
    ['an unknown member', { key: 'a', value: 'x', revision: 3 }, 'line 2: revision: is unknown'],
    ['flags of 65 bits', { key: 'a', value: 'x', flags: '18446744073709551616' }, 'line 2: flags: must have at most'],
    ['flags of 0', { key: 'a', value: 'x', flags: '0' }, 'line 2: flags: must be a decimal number above 0'],
    ['a content type with a line break', { key: 'a', value: 'x', contentType: 'a\nb' }, 'line 2: contentType: must be'],
    [
      'a value that is too large',
      { key: 'a', value: 'x'.repeat(ENTRY_VALUE_MAX_BYTES + 1) },
      `line 2: value: has ${ENTRY_VALUE_MAX_BYTES + 1} bytes`,
    ],
  ])('[Z7, I10] with %s are refused', async (_, line, message) => {
    const problem = { code: 'INVALID_REQUEST', message: expect.stringContaining(message) };
    await expect(piecesOf(entry(line), end(1))).rejects.toMatchObject(problem);
  });

  it('[Z5, Z7] may be longer than others, up to a limit of their own', async () => {
    const valueBase64 = btoa('\u00ff'.repeat(ENTRY_VALUE_MAX_BYTES));
    expect(valueBase64.length).toBeGreaterThan(IMPORT_LINE_MAX_BYTES);
    const [[largest] = []] = await piecesOf(entry({ key: 'a', valueBase64 }), end(1));
    expect(largest).toMatchObject({ key: 'a', value: '\u00ff'.repeat(ENTRY_VALUE_MAX_BYTES) });
    const tooLong = entry({ key: 'a', value: 'x'.repeat(IMPORT_ENTRY_LINE_MAX_BYTES) });
    await expect(piecesOf(tooLong, end(1))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: `line 2 has more than ${IMPORT_ENTRY_LINE_MAX_BYTES} bytes, the limit of an entry's line in an import`,
    });
    const service = { kind: 'service', service: 's', metadata: { a: 'x'.repeat(IMPORT_LINE_MAX_BYTES) } };
    await expect(piecesOf(service, end(0))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringContaining(`line 2 has more than ${IMPORT_LINE_MAX_BYTES} bytes`),
    });
  });

  it('[Z5] come in pieces that hold few large values', async () => {
    const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    const lines = ['a', 'b', 'c'].map((key) => entry({ key, value }));
    expect((await piecesOf(...lines, end(3))).map((piece) => piece.length)).toEqual([1, 1, 1, 0]);
  });

  it('[Z7, U8] are counted by the end line; a file of version 1 has none', async () => {
    expect(await piecesOf(end())).toEqual([[]]);
    expect(await piecesOf(entry({ key: 'a', value: '' }), end(1))).toMatchObject([[{ key: 'a' }]]);
    for (const count of [undefined, 0, 2]) {
      await expect(piecesOf(entry({ key: 'a', value: '' }), end(count))).rejects.toMatchObject({
        message: expect.stringContaining(`it counts ${count ?? 0} entries, but the file has 1`),
      });
    }
  });
});
