import { expect, it } from 'vitest';
import { LiveScreen } from './watch';

const ESCAPE = '\u001b[';

/** Returns the output to a terminal of five rows, with its control codes as words. */
function written(draw: (screen: LiveScreen) => void): string[] {
  const texts: string[] = [];
  const write = (text: string) => void texts.push(text.replaceAll(ESCAPE, '^'));
  draw(new LiveScreen({ write, isTTY: true, rows: 5 }));
  return texts;
}

it('draws in its own place, clears what was there before, and never draws more than fits', () => {
  const texts = written((screen) => {
    screen.draw(['a', 'b', 'c']);
    screen.draw(['d']);
    screen.draw(['1', '2', '3', '4', '5', '6']);
    screen.draw([]);
    screen.end();
  });
  expect(texts).toEqual([
    '^?25l',
    '\ra^K\nb^K\nc^K\n^J',
    '\r^3Ad^K\n^J',
    '\r^1A1^K\n2^K\n3^K\n4^K\n^J',
    '\r^4A^J',
    '^?25h',
  ]);
});

it('shows the cursor again when the process ends without a word', () => {
  const before = process.listeners('exit');
  const texts = written(() => {});
  const [added] = process.listeners('exit').filter((listener) => !before.includes(listener));
  added?.(0);
  expect(texts).toEqual(['^?25l', '^?25h']);
  if (added !== undefined) process.off('exit', added);
});
