import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { Progress, progressLine } from './progress';

it('draws a bar in proportion', () =>
  eachRow(
    [
      [0, 'x ░░░░░░░░░░░░░░░░░░░░░░░░   0 %'],
      [0.5, 'x ████████████░░░░░░░░░░░░  50 %'],
      [1, 'x ████████████████████████ 100 %'],
      [7, 'x ████████████████████████ 100 %'],
      [-1, 'x ░░░░░░░░░░░░░░░░░░░░░░░░   0 %'],
    ],
    (share, line) => {
      expect(progressLine('x', share)).toBe(line);
    },
  ));

it('is redrawn in place on a terminal, erased at its end, and omitted elsewhere', () => {
  const texts: string[] = [];
  const write = (text: string) => void texts.push(text);
  const bar = new Progress({ write, isTTY: true });
  bar.update('x', 0.5);
  bar.update('x', 0.6);
  bar.update('x', 1);
  bar.end();
  bar.end();
  expect(texts.map((text) => text.replace('\r\u001b[2K', '<'))).toEqual([
    expect.stringMatching(/^<x .* 50 %$/),
    expect.stringMatching(/^<x .* 100 %$/),
    '<',
  ]);

  const hidden = new Progress({ write: () => expect.unreachable() });
  hidden.update('x', 1);
  hidden.end();
});
