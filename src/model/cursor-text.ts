import { z } from 'zod';
import { CURSOR_MAX_CHARACTERS } from './limits';

/**
 * A cursor, as far as those who only carry it know: text that begins with `c`. One that fits and names no position is
 * for the registry to judge, which answers a watch with a reset.
 */
export const CursorText = z
  .string()
  .max(CURSOR_MAX_CHARACTERS, `must have at most ${CURSOR_MAX_CHARACTERS} characters`)
  .regex(/^c[\w.-]+$/, 'must be a cursor as an answer or an event gave it')
  .meta({ description: 'A position that an answer or an event gave' });
