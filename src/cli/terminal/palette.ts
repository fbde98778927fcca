/** The meanings that colour has here. Without colour each is the text as it is. */
export type Tone = 'good' | 'bad' | 'warning' | 'faint' | 'strong';

const CODES: Record<Tone, [on: number, off: number]> = {
  good: [32, 39],
  bad: [31, 39],
  warning: [33, 39],
  faint: [2, 22],
  strong: [1, 22],
};

/** Gives a text its tone. */
export type Paint = (text: string, tone: Tone | undefined) => string;

const PLAIN: Paint = (text) => text;
const COLOURED: Paint = (text, tone) => {
  if (tone === undefined || text === '') return text;
  const [on, off] = CODES[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
};

/** What of the environment decides on colour. */
export interface ColourEnvironment {
  FORCE_COLOR?: string | undefined;
  NO_COLOR?: string | undefined;
  TERM?: string | undefined;
}

/**
 * Whether to use colour: on a terminal only, unless the environment says otherwise. FORCE_COLOR goes before NO_COLOR, as
 * in Node itself. Sources: no-color.org, force-color.org.
 */
export function hasColour(env: ColourEnvironment, isTerminal: boolean): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR) return false;
  return isTerminal && env.TERM !== 'dumb';
}

/** What gives texts their tones; without colour it leaves them as they are. */
export const paintFor = (coloured: boolean): Paint => (coloured ? COLOURED : PLAIN);
