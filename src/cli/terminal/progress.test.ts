import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { Progress, progressLine } from './progress';

it('draws a bar of the share', () =>
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

it('is drawn over itself on a terminal, taken away at its end, and not there elsewhere', () => {
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
