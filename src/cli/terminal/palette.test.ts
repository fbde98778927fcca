import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { hasColour, paintFor } from './palette';

it('uses colours by the environment and the terminal', () =>
  eachRow(
    [
      [{}, true, true],
      [{}, false, false],
      [{ NO_COLOR: '1' }, true, false],
      [{ NO_COLOR: '' }, true, true],
      [{ FORCE_COLOR: '1' }, false, true],
      [{ FORCE_COLOR: '0' }, true, false],
      [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
      [{ TERM: 'dumb' }, true, false],
    ],
    (env, isTerminal, coloured) => {
      expect(hasColour(env, isTerminal)).toBe(coloured);
    },
  ));

it('resets each colour, and writes no codes without colours', () => {
  expect(paintFor(true)('up', 'good')).toBe('\u001b[32mup\u001b[39m');
  expect(paintFor(true)('up', undefined)).toBe('up');
  expect(paintFor(false)('up', 'good')).toBe('up');
});
