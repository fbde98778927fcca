import type * as z from 'zod';
import { type FieldError, quote, RegistryError } from '../../model/errors';
import { safeParse } from '../../model/fast-path';
import { FIELD_ERRORS_MAX_COUNT } from '../../model/limits';

/** Which part of a request something was wrong in. */
export type RequestPart = 'path' | 'query' | 'body' | 'headers';

/** Names that a caller made up come back cut: a path is for finding the place, not for carrying it home. */
const shown = (key: PropertyKey): string => {
  const text = String(key);
  return (text.length > 80 ? `${text.slice(0, 77)}...` : text).toWellFormed();
};

const isPlain = (value: unknown): boolean => value !== undefined && (typeof value !== 'object' || value === null);

/** What zod found, one entry for each fault; an unknown member is a fault at its own path. */
function* fieldErrorsOf(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[]): Generator<FieldError> {
  for (const issue of issues) {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        yield { path: [...path, key].map(shown).join('.'), message: 'is not known here; check its spelling' };
      }
    } else {
      const got = isPlain(issue.input) ? `, got ${quote(issue.input)}` : '';
      yield { path: path.map(shown).join('.'), message: `${issue.message}${got}` };
    }
  }
}

/**
 * Parses one part of a request.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with every fault that was found, up to the first twenty.
 */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, part: RequestPart): z.output<Schema> {
  const result = safeParse(schema, value, { reportInput: true });
  if (result.success) return result.data;
  const errors: FieldError[] = [];
  for (const error of fieldErrorsOf(result.error.issues, [])) {
    errors.push(error);
    if (errors.length === FIELD_ERRORS_MAX_COUNT) break;
  }
  throw invalid(part, errors);
}

/** A refusal of one part of a request; its message is the first fault, in words. */
export function invalid(part: RequestPart, errors: FieldError[]): RegistryError {
  const [first] = errors;
  const fault =
    first === undefined ? 'is not valid' : first.path === '' ? first.message : `${first.path}: ${first.message}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new RegistryError('INVALID_REQUEST', `in the ${part}: ${fault}${more}`, { errors });
}
