import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { type EndKey, LiveScreen, liveLines } from './live-screen';

const table = ['ID', 'a', 'b', 'c', 'd', 'e'];
const events = ['1', '2', '3', '4', '5', '6'];
const more = (count: number) => `+${count}`;

it('[K11] shows rows before the status, and events if there is room', () =>
  eachRow(
    [
      [20, [...table, '', ...events, '', 'status']],
      [12, [...table, '', '4', '5', '6', '', 'status']],
      [8, [...table, '', 'status']],
      [7, [...table, 'status']],
      [6, ['ID', 'a', 'b', 'c', '+2', 'status']],
      [4, ['ID', 'a', '+4', 'status']],
      [3, ['a', 'b', 'c']],
      [2, ['a', 'b']],
      [1, ['a']],
    ],
    (room, lines) => {
      expect(liveLines({ table, events, status: 'status', more }, room)).toEqual(lines);
    },
  ));

it('shows the status of a view without rows', () => {
  expect(liveLines({ table: ['ID'], events: [], status: 'status', more }, 8)).toEqual(['ID', '', 'status']);
});

/** Terminal of which a test sees the output, and in which it presses keys. */
class FakeTerminal {
  readonly screen = Object.assign(new PassThrough(), { isTTY: true, rows: 5, columns: 40 });
  readonly isRaw: boolean[] = [];
  readonly input = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode: (raw: boolean) => void this.isRaw.push(raw),
  });
  readonly ends: EndKey[] = [];

  open(): Promise<LiveScreen> {
    const { screen } = this;
    // `as`: the parts of a terminal that a live screen uses
    const input = this.input as unknown as NodeJS.ReadStream;
    return LiveScreen.open({ screen, input, onEnd: (key) => this.ends.push(key) });
  }

  get output(): string {
    return String(this.screen.read() ?? '');
  }
}

describe('LiveScreen', () => {
  it('redraws lines in place', async () => {
    const terminal = new FakeTerminal();
    const screen = await terminal.open();
    expect(screen.room).toBe(4);
    screen.draw(['a', 'b']);
    expect(terminal.output).toContain('a\nb\n');
    screen.draw(['a', 'c']);
    const { output } = terminal;
    expect(output).toContain('c');
    expect(output).toContain('\u001b[');
    expect(output).not.toContain('a');
    screen.end();
  });

  it('[K11] ends by q, Esc and Ctrl-C, not by other keys, and restores the terminal', async () => {
    const terminal = new FakeTerminal();
    const screen = await terminal.open();
    for (const key of ['x', '\u001b[A', 'q', '\u001b', '\u0003']) terminal.input.emit('data', Buffer.from(key));
    expect(terminal.ends).toEqual(['quit', 'quit', 'interrupt']);
    screen.end();
    expect(terminal.isRaw).toEqual([true, false]);
    terminal.input.emit('data', Buffer.from('q'));
    expect(terminal.ends).toHaveLength(3);
    expect(terminal.input.isPaused()).toBe(true);
  });
});
