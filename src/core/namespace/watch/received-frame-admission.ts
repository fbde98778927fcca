import { authorize, authorizeAny, authorizeOperations, authorizeTransaction, grantsOn } from '../../../auth/authorize';
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
    throw new RegistryError('INVALID_REQUEST', `a frame must be a JSON object, got ${quote(text)}`);
  }
}

/** Returns the id of a frame even if the rest is invalid: its sender waits for an answer with that id. */
export function idOf(value: unknown): string | undefined {
  const parsed = FrameId.safeParse(value);
  return parsed.success ? parsed.data.id : undefined;
}

/**
 * Validates a frame.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with each invalid member, by its path.
 */
export function readFrame(value: unknown): ClientFrame {
  const parsed = safeParse(ClientFrame, value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const [first] = errors;
  throw new RegistryError('INVALID_REQUEST', `invalid frame: ${first?.path || 'frame'}: ${first?.message}`, {
    errors,
  });
}

/** Length that no `credit` frame exceeds. */
const LONGEST_CREDIT_FRAME = 256;

/** Returns whether a frame grants credit, without parsing frames that can't. */
export function isCredit(text: string): boolean {
  if (text.length > LONGEST_CREDIT_FRAME || !text.includes('"credit"')) return false;
  try {
    return ClientFrame.safeParse(parseJson(text)).data?.type === 'credit';
  } catch {
    return false;
  }
}

/** Maps an error to the frame that its socket receives. An unexpected error is sent without details. */
export function errorFrame(error: unknown, id: string | undefined): ServerFrame {
  if (!(error instanceof RegistryError)) {
    return { type: 'error', id, code: 'INTERNAL', detail: 'an unexpected error occurred; the registry logged it' };
  }
  const { errors, compactedRevision } = error.details;
  return { type: 'error', id, code: error.code, detail: error.message, errors, compactedRevision };
}

/**
 * Authorizes a frame, as the equivalent route would. Frames that only continue something already allowed need a token with
 * any scope here other than metrics.
 *
 * @param claimsOf Returns the services that registrations claim besides their own.
 * @throws {RegistryError} `FORBIDDEN`; nothing has changed then.
 */
export function authorizeFrame(
  { caller, grants, namespace }: ConnectionMemory,
  frame: ClientFrame,
  claimsOf: ClaimsOf,
): void {
  const principal: Principal = { tokenId: caller.tokenId, grants };
  authorizeAny(principal, namespace);
  switch (frame.type) {
    case 'session':
      authorizeSession(principal, namespace);
      break;
    case 'batch':
      authorizeOperations(principal, namespace, frame.operations, claimsOf);
      break;
    case 'transaction':
      authorizeTransaction(principal, namespace, frame.transaction, claimsOf);
      break;
    case 'grant-lease':
    case 'renew-leases':
    case 'read-lease':
    case 'revoke-lease':
    case 'list-leases':
      authorizeAny(principal, namespace, 'register');
      break;
    case 'compact-entries':
      authorize(principal, 'operate', { namespace, keys: { from: '' } });
      break;
    case 'watch':
      authorizeScope(principal, namespace, scopeParts(frame.scope));
      break;
    case 'resolve':
      authorize(principal, 'read', { namespace, service: frame.service });
  }
}

/** Scopes that allow registrations. */
const REGISTERING: ReadonlySet<Scope> = new Set(['register', 'operate', 'admin']);

/** Checks that a token may register anything at all. The services that it registers are checked for each batch. */
function authorizeSession(principal: Principal, namespace: string): void {
  const mayRegister = grantsOn(principal, namespace).some(({ scope }) => REGISTERING.has(scope));
  if (mayRegister) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${principal.tokenId}" may not register anything in namespace "${namespace}", so it cannot open a session; use a token with the scope "register"`,
  );
}
