import type { ErrorData } from '../model/errors';

/** What a call to another isolate comes to, as plain data. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: ErrorData };
