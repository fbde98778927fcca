/** Meanings that are shown by colour. Without colour the text is unchanged. */
export type Tone = 'good' | 'bad' | 'warning' | 'faint' | 'strong';

const CODES: Record<Tone, [on: number, off: number]> = {
  good: [32, 39],
  bad: [31, 39],
  warning: [33, 39],
  faint: [2, 22],
  strong: [1, 22],
};

/** Colours a text by its tone. */
export type Paint = (text: string, tone: Tone | undefined) => string;

const PLAIN: Paint = (text) => text;
const COLOURED: Paint = (text, tone) => {
  if (tone === undefined || text === '') return text;
  const [on, off] = CODES[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
};

/** Environment variables that control colour. */
export interface ColourEnvironment {
  FORCE_COLOR?: string | undefined;
  NO_COLOR?: string | undefined;
  TERM?: string | undefined;
}

/**
 * Reports whether to use colour: only on a terminal, unless the environment overrides it. FORCE_COLOR takes precedence
 * over NO_COLOR, as in Node. Sources: no-color.org, force-color.org.
 */
export function hasColour(env: ColourEnvironment, isTerminal: boolean): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR) return false;
  return isTerminal && env.TERM !== 'dumb';
}

/** Returns the function that colours texts; without colour it leaves them unchanged. */
export const paintFor = (coloured: boolean): Paint => (coloured ? COLOURED : PLAIN);
