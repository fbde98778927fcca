import { quote, RegistryError } from '../../../model/errors';
import { safeParse } from '../../../model/fast-path';
import { ClientFrame, FrameId, type ServerFrame } from '../../../model/frames';
import { parseJson } from '../../../model/json';

/** @throws {RegistryError} `INVALID_REQUEST` for what is no JSON. */
export function parseFrame(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError('INVALID_REQUEST', `a frame is a JSON object; this is none: ${quote(text)}`);
  }
}

/** The id of what is meant as a frame, whatever else is wrong with it: whoever asked waits for an answer under it. */
export function idOf(value: unknown): string | undefined {
  const parsed = FrameId.safeParse(value);
  return parsed.success ? parsed.data.id : undefined;
}

/** @throws {RegistryError} `INVALID_REQUEST` with each member that does not fit, by its path. */
export function readFrame(value: unknown): ClientFrame {
  const parsed = safeParse(ClientFrame, value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const [first] = errors;
  throw new RegistryError('INVALID_REQUEST', `the frame does not fit: ${first?.path || 'frame'}: ${first?.message}`, {
    errors,
  });
}

/** Longer than any `credit` frame is. */
const LONGEST_CREDIT_FRAME = 256;

/** Returns whether a frame grants credit; found without parsing those that can't. */
export function isCredit(text: string): boolean {
  if (text.length > LONGEST_CREDIT_FRAME || !text.includes('"credit"')) return false;
  try {
    return ClientFrame.safeParse(parseJson(text)).data?.type === 'credit';
  } catch {
    return false;
  }
}

/** What a socket is told of a frame that could not be handled. Of what nobody foresaw it is told no more than that. */
export function errorFrame(error: unknown, id: string | undefined): ServerFrame {
  if (!(error instanceof RegistryError)) {
    return { type: 'error', id, code: 'INTERNAL', detail: 'something went wrong here; it has been logged' };
  }
  return { type: 'error', id, code: error.code, detail: error.message, errors: error.details.errors };
}
