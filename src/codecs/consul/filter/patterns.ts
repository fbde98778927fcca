import { RE2JS } from 're2js';
import {
  CONSUL_PATTERN_MAX_CHARACTERS,
  CONSUL_PATTERN_REPEATS_MAX_COUNT,
  CONSUL_PATTERN_STATES_MAX_COUNT,
  CONSUL_PATTERN_STEPS_MAX_COUNT,
} from '../../../model/limits';
import type { Patterns } from './filter';
import { filterError } from './scanner';

/** Matches a counted repetition. */
const REPETITION = /\{(\d+)(?:,(\d*))?\}/g;

/**
 * Compiles regular expressions of Go. They are matched in time linear in the text, so that no expression can stop the process;
 * the number of states and of tests is bounded too.
 *
 * The engine takes 150 KB of code and some 10 ms to load. Rooms that serve others should import this file only when a filter
 * uses it.
 */
export function boundedPatterns(): Patterns {
  let repeats = 0;
  let states = 0;
  let steps = 0;
  return {
    compile(pattern) {
      if (pattern.length > CONSUL_PATTERN_MAX_CHARACTERS) {
        throw filterError(
          `a regular expression has ${pattern.length} characters; at most ${CONSUL_PATTERN_MAX_CHARACTERS} are allowed`,
        );
      }
      // Before it is compiled, because compiling takes time for each state.
      for (const [, least = '', most = ''] of pattern.matchAll(REPETITION)) repeats += Number(most || least);
      if (repeats > CONSUL_PATTERN_REPEATS_MAX_COUNT) {
        throw filterError(`regular expressions repeat more than ${CONSUL_PATTERN_REPEATS_MAX_COUNT} times`);
      }
      const compiled = compiledBy(pattern);
      const size = compiled.programSize();
      states += size;
      if (states > CONSUL_PATTERN_STATES_MAX_COUNT) {
        throw filterError(`regular expressions have more than ${CONSUL_PATTERN_STATES_MAX_COUNT} states`);
      }
      return (text) => {
        steps += size * text.length;
        if (steps > CONSUL_PATTERN_STEPS_MAX_COUNT) {
          throw filterError(
            'regular expressions are too expensive for this list; compare fewer records or shorter fields',
          );
        }
        return compiled.test(text);
      };
    },
  };
}

function compiledBy(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw filterError(`Failed to compile regular expression ${JSON.stringify(pattern)}: ${why}`);
  }
}
