import { computed, signal } from '@preact/signals';
import { type Admin, RollcallError, rollcallAdmin } from '../../client/admin';
import type { Grant, OwnToken } from '../../client/wire/directory-answers';
import { covers, type Target } from '../../model/coverage';

/** Key in session storage of the token, which is stored only if the visitor asks for it. */
const STORED_TOKEN = 'rollcall-token';

/** Start of the fragment of a link that signs in. */
const TICKET = '#ticket=';

/** A signed-in visitor. */
export interface Session {
  /** The credential. Never shown, logged, or put into a URL. */
  token: string;
  own: OwnToken;
}

/** Reason for being signed out, shown with the form. */
export type SignedOut = 'signed-out' | 'refused' | 'link-used';

/** The session; undefined while signed out. */
export const session = signal<Session | undefined>(undefined);

/** Reason for being signed out; undefined on a first visit. */
export const signedOut = signal<SignedOut | undefined>(undefined);

/** Origin of the registry, which serves the page. */
export const ORIGIN = location.origin;

/** Id of the visitor's token, for comparisons with actors. */
export const ownId = computed(() => session.value?.own.id);

function client(token: string): Admin {
  return rollcallAdmin({ url: ORIGIN, token, onWarning: false });
}

const current = computed(() => {
  const token = session.value?.token;
  return token === undefined ? undefined : client(token);
});

/**
 * Calls the registry with the visitor's token. If the registry no longer accepts it, the visitor is signed out.
 *
 * @throws {RollcallError} The registry's error.
 */
export async function ask<Answer>(call: (admin: Admin) => Promise<Answer>): Promise<Answer> {
  const admin = current.peek();
  if (admin === undefined) throw new RollcallError('UNAUTHENTICATED', 'not signed in');
  try {
    return await call(admin);
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'UNAUTHENTICATED' && current.peek() === admin)
      forget('refused');
    throw error;
  }
}

/**
 * Signs in.
 *
 * @param isKept True: the token stays in session storage, until the tab is closed.
 * @throws {RollcallError} `UNAUTHENTICATED` if the registry refuses the token.
 */
export async function signIn(token: string, isKept: boolean): Promise<void> {
  const own = await client(token).readOwnToken();
  if (isKept) sessionStorage.setItem(STORED_TOKEN, token);
  session.value = { token, own };
  signedOut.value = undefined;
}

/** Signs out. A token that the page got for a ticket is revoked. */
export async function signOut(): Promise<void> {
  const known = session.peek();
  const redeemedId = known?.own.redeemedId;
  forget('signed-out');
  // If it fails, the token still expires within 12 hours.
  if (known !== undefined && redeemedId !== undefined)
    await client(known.token)
      .revokeToken({ id: redeemedId })
      .catch(() => {});
}

function forget(reason: SignedOut): void {
  sessionStorage.removeItem(STORED_TOKEN);
  session.value = undefined;
  signedOut.value = reason;
}

/** Signs in with the ticket of a link or with a stored token, if there is one. */
export async function resume(): Promise<void> {
  const { hash, pathname, search } = location;
  if (hash.startsWith(TICKET)) {
    // Erased before any request, so that neither history nor a copied address has it.
    history.replaceState(null, '', pathname + search);
    try {
      const { token } = await rollcallAdmin({ url: ORIGIN, onWarning: false }).redeemTicket({
        body: { ticket: decodeURIComponent(hash.slice(TICKET.length)) },
      });
      // Stored: a reload must not need another link.
      await signIn(token, true);
    } catch {
      forget('link-used');
    }
    return;
  }
  const stored = sessionStorage.getItem(STORED_TOKEN);
  if (stored === null) return;
  await signIn(stored, true).catch((error) => {
    if (RollcallError.from(error, 'sign-in').code === 'UNAUTHENTICATED') forget('refused');
    else throw error;
  });
}

/** Reports whether the visitor's token has a scope on a target. The page offers only what the registry allows. */
export const may = (scope: Grant['scope'], target: Target): boolean =>
  session.value?.own.grants.some((grant) => covers(grant, scope, target)) ?? false;

/** Reports whether the visitor's token has any grant other than `metrics` on a namespace. */
export const mayKnowOf = (namespace: string): boolean =>
  session.value?.own.grants.some(({ scope, ns }) => scope !== 'metrics' && (ns === '*' || ns === namespace)) ?? false;

/** Returns the patterns of services that the visitor's token may read, without a grant on the whole namespace. */
export const readablePatterns = (namespace: string): string[] =>
  (session.value?.own.grants ?? [])
    .filter(({ scope, ns }) => scope === 'read' && (ns === '*' || ns === namespace))
    .flatMap(({ services = [] }) => services);
