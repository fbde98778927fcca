import { expect, it } from 'vitest';
import { Printer, type PrinterOptions } from './printer';

/** Something to print on, and what was printed. */
class Paper {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 20;

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

function printed(options: Partial<PrinterOptions>, print: (printer: Printer) => void, isTTY = false) {
  const out = new Paper(isTTY);
  const err = new Paper(isTTY);
  print(new Printer({ out, err, env: {}, ...options }));
  return { out: out.text, err: err.text };
}

const view = { titles: ['ID', 'NOTE'], rows: [['orders-1', 'that is long enough']], spare: [1] };

it('prints tables for people, truncated on a terminal only', () => {
  expect(printed({}, (print) => print.answer({ a: 1 }, 'one', view)).out).toBe(
    'one\nID        NOTE\norders-1  that is long enough\n',
  );
  const cut = printed({ env: { NO_COLOR: '1' } }, (print) => print.answer({ a: 1 }, view), true);
  expect(cut.out).toBe('ID        NOTE\norders-1  that is l…\n');
});

it('prints one line of JSON into a pipe, and several on a terminal', () => {
  expect(printed({ json: true }, (print) => print.answer({ a: [1] }, view)).out).toBe('{"a":[1]}\n');
  expect(printed({ json: true }, (print) => print.answer({ a: 1 }, view), true).out).toBe('{\n  "a": 1\n}\n');
  expect(printed({ json: true }, (print) => print.event({ a: 1 }, [view]), true).out).toBe('{"a":1}\n');
});

it('[K3] prints only results to standard output', () => {
  const { out, err } = printed({ verbose: true }, (print) => {
    print.note('a note');
    print.warn('a warning');
    print.trace('a trace');
    print.error({ exitCode: 1, code: 'FAILED', message: 'It failed.', advice: 'Do this.' });
  });
  expect(out).toBe('');
  expect(err).toBe('a note\nwarning: a warning\na trace\nIt failed.\nDo this.\n');
  expect(printed({}, (print) => print.trace('a trace')).err).toBe('');
});

const failure = { exitCode: 2, code: 'USAGE', message: 'It failed.\nTwice.', advice: 'Do this.' } as const;

it('[K32] prints an error as one line of JSON with --json', () => {
  const { out, err } = printed({ json: true }, (print) => print.error(failure));
  expect(out).toBe('');
  expect(err).toBe('{"error":{"code":"USAGE","message":"It failed.\\nTwice.","advice":"Do this."}}\n');
});

it('uses colours on a terminal, and never sends control characters of other parties', () => {
  expect(
    printed({}, (print) => print.error({ ...failure, message: 'It \u001b[2J failed.', advice: undefined }), true).err,
  ).toBe('\u001b[31mIt \\x1b[2J failed.\u001b[39m\n');
});
