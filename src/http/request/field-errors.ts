import type * as z from 'zod';
import { type FieldError, quote, RegistryError } from '../../model/errors';
import { safeParse } from '../../model/fast-path';
import { FIELD_ERRORS_MAX_COUNT } from '../../model/limits';

/** Part of a request that an error refers to. */
export type RequestPart = 'path' | 'query' | 'body' | 'headers';

/** Truncates names from the request: a path in an error only has to identify the member. */
const shown = (key: PropertyKey): string => {
  const text = String(key);
  return (text.length > 80 ? `${text.slice(0, 77)}...` : text).toWellFormed();
};

const isPlain = (value: unknown): boolean => value !== undefined && (typeof value !== 'object' || value === null);

/** Converts zod's issues, one entry per error; an unknown member is an error at its own path. */
function* fieldErrorsOf(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[]): Generator<FieldError> {
  for (const issue of issues) {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        yield { path: [...path, key].map(shown).join('.'), message: 'is unknown; check its spelling' };
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
 * @throws {RegistryError} `INVALID_REQUEST` with the first twenty errors.
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

/** Creates the error of an invalid part of a request; its message states the first field error. */
export function invalid(part: RequestPart, errors: FieldError[]): RegistryError {
  const [first] = errors;
  const fault =
    first === undefined ? 'is not valid' : first.path === '' ? first.message : `${first.path}: ${first.message}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new RegistryError('INVALID_REQUEST', `in the ${part}: ${fault}${more}`, { errors });
}
