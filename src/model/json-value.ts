import { EXTENSIONS_MAX_DEPTH_COUNT } from './limits';

/**
 * What is wrong with a value that is to be kept as JSON, in words; undefined where nothing is.
 *
 * Its depth is limited, so that whoever walks it later does not run out of stack; and a member named `__proto__` is
 * refused, as half of what copies objects would drop it without a word.
 */
export function jsonProblem(value: unknown, depth = 0): string | undefined {
  if (depth > EXTENSIONS_MAX_DEPTH_COUNT) return `is nested more than ${EXTENSIONS_MAX_DEPTH_COUNT} levels deep`;
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'string':
      return value.isWellFormed() ? undefined : 'must be well-formed Unicode';
    case 'number':
      return Number.isFinite(value) ? undefined : 'must not have numbers that are not finite';
    case 'object': {
      if (value === null) return undefined;
      if (Object.hasOwn(value, '__proto__')) return 'must not have the key "__proto__"';
      for (const [key, member] of Object.entries(value)) {
        const problem = key.isWellFormed() ? jsonProblem(member, depth + 1) : 'must be well-formed Unicode';
        if (problem !== undefined) return problem;
      }
      return undefined;
    }
    default:
      return `must be JSON, which has no ${typeof value}`;
  }
}
