import { expect, it } from 'vitest';
import { symbolsOf } from './symbols';

const SOURCE = [
  "/** A comment with a brace } and an 'apostrophe. */",
  'export async function first({ a }: { a: number }): Promise<{ b: string }> {',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template within the sample
  "  const texts = ['}', \"{\", `${a ? `{` : '{'} }`, /[/}{]\\/}/g];",
  '  return { b: texts[a / 2] }; // not the end }',
  '}',
  '',
  'const second = (value: number): boolean =>',
  '  value > 1 && value < 3;',
  '',
  'function overload(a: string): string;',
  'function overload(a: number): number {',
  '  return a;',
  '}',
  '',
  'export class Third {',
  '  readonly #field = { a: 1 };',
  '',
  '  constructor(private a: string) {}',
  '',
  '  get size(): number {',
  '    if (this.a) {',
  '      return 1;',
  '    }',
  '    return 2;',
  '  }',
  '',
  '  async #hidden(): Promise<void> {}',
  '}',
].join('\n');

it('finds the declarations of a source, and where each ends', () => {
  const found = Object.fromEntries(
    [...symbolsOf(SOURCE)].map(([name, extents]) => [
      name,
      extents.map(({ start, end }) => {
        const lines = SOURCE.slice(start, end).trim().split('\n');
        return [lines[0], lines.at(-1), lines.length];
      }),
    ]),
  );
  expect(found).toEqual({
    first: [['export async function first({ a }: { a: number }): Promise<{ b: string }> {', '}', 4]],
    second: [['const second = (value: number): boolean =>', '  value > 1 && value < 3;', 2]],
    overload: [
      ['function overload(a: string): string;', 'function overload(a: string): string;', 1],
      ['function overload(a: number): number {', '}', 3],
    ],
    Third: [['export class Third {', '}', 14]],
    'Third.#field': [['readonly #field = { a: 1 };', 'readonly #field = { a: 1 };', 1]],
    'Third.constructor': [['constructor(private a: string) {}', 'constructor(private a: string) {}', 1]],
    'Third.size': [['get size(): number {', '  }', 6]],
    'Third.#hidden': [['async #hidden(): Promise<void> {}', 'async #hidden(): Promise<void> {}', 1]],
  });
});
