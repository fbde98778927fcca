import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Extent, symbolsOf } from './symbols';

/** A deliberate fault in the core: within one symbol, one text is replaced by another. */
export interface Mutant {
  /** Description of the fault. */
  name: string;
  /** The promise of design/spec.md that it breaks. */
  breaks: string;
  /** A function, or `Class.member`, in any file of the core and of the rooms below it. */
  symbol: string;
  /**
   * The replaced text, as short as it is unique in the symbol. Blanks, line breaks and a comma before a closing bracket are
   * ignored.
   */
  from: string;
  to: string;
}

/** The core and the rooms that it decides with. */
const ROOMS = ['src/core', 'src/model', 'src/auth'];

/** A source with the positions of its symbols. */
interface CoreFile {
  text: string;
  symbols: ReadonlyMap<string, Extent[]>;
}

/** The files of the core by path, without tests. */
export type Core = ReadonlyMap<string, CoreFile>;

export const coreFile = (text: string): CoreFile => ({ text, symbols: symbolsOf(text) });

/** Reads the core. @param root The folder of the project, or of a copy. */
export function readCore(root = '.'): Core {
  const core = new Map<string, CoreFile>();
  for (const room of ROOMS) {
    for (const path of readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue;
      core.set(join(room, path), coreFile(readFileSync(join(root, room, path), 'utf8')));
    }
  }
  return core;
}

/** A file of the core that contains a fault. */
export interface Mutation {
  path: string;
  text: string;
}

/**
 * Applies a mutant to the core.
 *
 * @throws {Error} if its text is not found exactly once: the core has changed, and the list must follow.
 */
export function mutate(core: Core, { name, symbol, from, to }: Mutant): Mutation {
  const pattern = patternOf(from);
  const declared: string[] = [];
  const found: Mutation[] = [];
  for (const [path, { text, symbols }] of core) {
    for (const { start, end } of symbols.get(symbol) ?? []) {
      declared.push(path);
      for (const match of text.slice(start, end).matchAll(pattern)) {
        const at = start + match.index;
        found.push({ path, text: text.slice(0, at) + to + text.slice(at + match[0].length) });
      }
    }
  }
  const [mutation] = found;
  if (mutation !== undefined && found.length === 1) return mutation;
  const where = declared.length > 0 ? `${symbol} of ${declared.join(', ')}` : `${symbol}, which no file declares`;
  throw new Error(`the mutant "${name}" matches ${found.length} places in ${where} instead of one`);
}

/** Returns a pattern that matches a text in any layout: across lines, and with or without a comma at the end of a list. */
function patternOf(text: string): RegExp {
  const tokens = text.match(/[\w$#]+|[^\s\w$#]/g) ?? [];
  const body = tokens.map((token, index) => {
    const escaped = token.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return index > 0 && /^[)\]}]$/.test(token) ? `,?\\s*${escaped}` : escaped;
  });
  const isWord = (token = '') => /^\w+$/.test(token);
  return new RegExp(`${isWord(tokens[0]) ? '\\b' : ''}${body.join('\\s*')}${isWord(tokens.at(-1)) ? '\\b' : ''}`, 'g');
}
