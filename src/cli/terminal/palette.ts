import { styleText } from 'node:util';

/** Meanings that are shown by colour. Without colour the text is unchanged. */
export type Tone = 'good' | 'bad' | 'warning' | 'faint' | 'strong';

const STYLES = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  faint: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** Colours a text by its tone. */
export type Paint = (text: string, tone: Tone | undefined) => string;

const PLAIN: Paint = (text) => text;
const COLOURED: Paint = (text, tone) =>
  // Not validated: `hasColour` has decided for the stream in question, which need not be standard output.
  tone === undefined || text === '' ? text : styleText(STYLES[tone], text, { validateStream: false });

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
