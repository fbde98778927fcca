import { authorize, authorizeAny, authorizeOperations, grantsOn } from '../../../auth/authorize';
import { quote, RegistryError } from '../../../model/errors';
import { safeParse } from '../../../model/fast-path';
import { ClientFrame, FrameId, type ServerFrame } from '../../../model/frames';
import type { Principal, Scope } from '../../../model/grant';
import type { ClaimsOf } from '../../../model/instance';
import { parseJson } from '../../../model/json';
import { scopeParts } from '../../../model/watch-scope';
import type { ConnectionMemory } from '../../platform/connection';
import { authorizeScope } from './watch-scope';

/**
 * Parses the JSON of a frame.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for anything else.
 */
export function parseFrame(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError('INVALID_REQUEST', `a frame is a JSON object; this is none: ${quote(text)}`);
  }
}

/** Returns the id of a frame, whatever else is wrong with it: its sender waits for an answer under it. */
export function idOf(value: unknown): string | undefined {
  const parsed = FrameId.safeParse(value);
  return parsed.success ? parsed.data.id : undefined;
}

/**
 * Reads a frame.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with each member that does not fit, by its path.
 */
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

/** Maps what went wrong with a frame to the answer that its socket gets; of a defect it gets no detail. */
export function errorFrame(error: unknown, id: string | undefined): ServerFrame {
  if (!(error instanceof RegistryError)) {
    return { type: 'error', id, code: 'INTERNAL', detail: 'something went wrong here; it has been logged' };
  }
  return { type: 'error', id, code: error.code, detail: error.message, errors: error.details.errors };
}

/**
 * Authorizes what a frame asks for, as the route that does the same would. What only goes on with something that was
 * allowed needs no more than a token that is good for anything here but metrics.
 *
 * @param claimsOf Reads what registrations claim beside their own services.
 * @throws {RegistryError} `FORBIDDEN`; nothing has happened then.
 */
export function authorizeFrame(
  { caller, grants, namespace }: ConnectionMemory,
  frame: ClientFrame,
  claimsOf: ClaimsOf,
): void {
  const principal: Principal = { tokenId: caller.tokenId, grants };
  authorizeAny(principal, namespace);
  if (frame.type === 'session') authorizeSession(principal, namespace);
  else if (frame.type === 'batch') authorizeOperations(principal, namespace, frame.operations, claimsOf);
  else if (frame.type === 'watch') authorizeScope(principal, namespace, scopeParts(frame.scope));
  else if (frame.type === 'resolve') authorize(principal, 'read', { namespace, service: frame.service });
}

/** Scopes that let something be registered. */
const REGISTERING: ReadonlySet<Scope> = new Set(['register', 'operate', 'admin']);

/** A session holds what is registered over it, in whatever service: that is asked of each batch. */
function authorizeSession(principal: Principal, namespace: string): void {
  const mayRegister = grantsOn(principal, namespace).some(({ scope }) => REGISTERING.has(scope));
  if (mayRegister) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${principal.tokenId}" may register nothing in namespace "${namespace}", so it holds no session; use a token that may`,
  );
}
