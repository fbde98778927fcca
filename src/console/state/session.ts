import { computed, signal } from '@preact/signals';
import { RollcallError } from '../../client/admin';
import { type Calls, calls } from '../../client/admin/calls';
import { caller, type Operation } from '../../client/admin/operation';
import type { Grant, OwnToken } from '../../client/wire/access-answers';
import { RegistryHttp } from '../../client/wire/registry-http';
import { covers, includesScope, type Target } from '../../model/coverage';
import { store, stored } from '../words/storage';
import { ticketOf } from './credential';
import { noteTime, registryNow } from './registry-clock';

/** Key in session storage of the token. */
const STORED_TOKEN = 'rollcall-token';

/** Pauses between attempts to sign in while the registry can't be reached: the shortest and the longest. */
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 10_000;

/** Longest time after which an expiry is checked; a timer of a browser holds 24 days. */
const CHECK_MAX_MS = 24 * 60 * 60_000;

/** Shortest time between two checks of an expiry, in case the browser's clock is ahead. */
const CHECK_MIN_MS = 30_000;

/** A signed-in visitor. */
export interface Session {
  /** The credential. Never shown, logged, or put into a URL. */
  token: string;
  own: OwnToken;
  /** True: the token is in session storage, until the tab is closed. */
  isKept: boolean;
}

/** Reason for being signed out, shown with the form. */
export type SignedOut = 'signed-out' | 'expired' | 'ended' | 'link-used';

/** The session; undefined while signed out. */
export const session = signal<Session | undefined>(undefined);

/** Reason for being signed out; undefined on a first visit. */
export const signedOut = signal<SignedOut | undefined>(undefined);

/** The attempt to sign in with a link or a stored token; undefined if there is none. */
export const resuming = signal<{ error?: RollcallError } | undefined>(undefined);

/** Origin of the registry, which serves the page. */
export const ORIGIN = location.origin;

/** Id of the visitor's token, for comparisons with actors. */
export const ownId = computed(() => session.value?.own.id);

const fetchAndNoteTime = async (url: string, init?: RequestInit): Promise<Response> => {
  const answer = await fetch(url, init);
  noteTime(answer);
  return answer;
};

/** Makes a call that is not among those of the client, such as one about entries. */
export type Call = (operation: Operation, parameters: Parameters<ReturnType<typeof caller>>[0]) => Promise<unknown>;

function clients(token?: string): { admin: Calls; call: Call } {
  const options = { url: ORIGIN, token, fetch: fetchAndNoteTime };
  const http = new RegistryHttp(options);
  return {
    admin: calls(http, options),
    call: (operation, parameters) => caller(http, options, operation)(parameters),
  };
}

const client = (token?: string): Calls => clients(token).admin;

const currentToken = computed(() => session.value?.token);

/** Clients with the visitor's token; the same ones while the token is. */
const current = computed(() => (currentToken.value === undefined ? undefined : clients(currentToken.value)));

/**
 * Calls the registry with the visitor's token. If the registry no longer accepts it, the visitor is signed out.
 *
 * @throws {RollcallError} The registry's error.
 */
export async function ask<Answer>(question: (admin: Calls, call: Call) => Promise<Answer>): Promise<Answer> {
  const asked = current.peek();
  if (asked === undefined) throw new RollcallError('UNAUTHENTICATED', 'not signed in');
  try {
    return await question(asked.admin, asked.call);
  } catch (error) {
    if (isRefusal(error) && current.peek() === asked) forget(hasExpired() ? 'expired' : 'ended');
    throw error;
  }
}

const isRefusal = (error: unknown): boolean => RollcallError.from(error, 'sign-in').code === 'UNAUTHENTICATED';

/**
 * Signs in.
 *
 * @param isKept True: the token stays in session storage, until the tab is closed.
 * @throws {RollcallError} `UNAUTHENTICATED` if the registry refuses the token.
 */
export async function signIn(token: string, isKept: boolean): Promise<void> {
  begin({ token, own: await client(token).readOwnToken(), isKept });
}

/** Replaces the secret of the visitor's own token, which was rotated. */
export function adopt(token: string): void {
  const known = session.peek();
  if (known !== undefined) begin({ ...known, token });
}

/** Stores the token until the tab is closed, or removes it from storage. */
export function keep(isKept: boolean): void {
  const known = session.peek();
  if (known !== undefined) begin({ ...known, isKept });
}

function begin(begun: Session): void {
  attempt += 1;
  store('sessionStorage', STORED_TOKEN, begun.isKept ? begun.token : undefined);
  session.value = begun;
  signedOut.value = undefined;
  resuming.value = undefined;
  checkAtExpiry();
}

/** Signs out. A token that the page got for a ticket is revoked. */
export async function signOut(): Promise<void> {
  const known = session.peek();
  forget('signed-out');
  if (known !== undefined) await revokeRedeemed(known.token, known.own.redeemedId);
}

/** Revokes a token that the page got for a ticket. If that fails, it still expires within 12 hours. */
async function revokeRedeemed(token: string, id: string | undefined): Promise<void> {
  if (id !== undefined)
    await client(token)
      .revokeToken({ id })
      .catch(() => {});
}

/** Ends the session in this tab, and the attempt to resume one. */
export function forget(reason: SignedOut): void {
  attempt += 1;
  clearTimeout(expiryTimer);
  store('sessionStorage', STORED_TOKEN, undefined);
  session.value = undefined;
  resuming.value = undefined;
  signedOut.value = reason;
}

let expiryTimer: ReturnType<typeof setTimeout> | undefined;

const msLeft = (): number => Date.parse(session.peek()?.own.expiresAt ?? '') - registryNow();

const hasExpired = (): boolean => msLeft() <= 0;

/** Asks the registry once the token should have expired: a page without live data would not notice. */
function checkAtExpiry(): void {
  clearTimeout(expiryTimer);
  const left = msLeft();
  if (Number.isNaN(left)) return;
  expiryTimer = setTimeout(
    async () => {
      const known = session.peek();
      try {
        const own = await ask((admin) => admin.readOwnToken());
        if (known !== undefined && session.peek() === known) session.value = { ...known, own };
      } catch {
        // Signed out, or checked again.
      }
      if (session.peek() !== undefined) checkAtExpiry();
    },
    Math.min(Math.max(left + 1_000, CHECK_MIN_MS), CHECK_MAX_MS),
  );
}

/** Number of the last attempt to sign in. An older one that is still waiting ends. */
let attempt = 0;

/**
 * Signs in with the ticket of a link or with a stored token, if there is one. While the registry can't be reached, it
 * tries again.
 *
 * A token for a ticket is stored without being asked for: otherwise, each reload would need another link. It is not the
 * visitor's own, ends within 12 hours, can't create tokens, and signing out revokes it. The account menu shows that it is
 * stored, and can remove it.
 */
export async function resume(): Promise<void> {
  const ticket = ticketOf(location.hash);
  // Erased before any request, so that neither history nor a copied address has it.
  if (ticket !== undefined) history.replaceState(null, '', location.pathname + location.search);
  const before = session.peek()?.token ?? stored('sessionStorage', STORED_TOKEN) ?? undefined;
  if (ticket !== undefined) await persist(() => redeem(ticket, before));
  else if (before !== undefined && session.peek() === undefined) await persist(() => resumeStored(before));
}

/** Repeats an attempt until it ends, or another one begins. */
async function persist(signInOnce: () => Promise<void>): Promise<void> {
  attempt += 1;
  const mine = attempt;
  resuming.value = {};
  for (let pauseMs = RETRY_MIN_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
    try {
      return await signInOnce();
    } catch (failure) {
      if (attempt !== mine) return;
      const error = RollcallError.from(failure, 'sign-in');
      resuming.value = { error };
      if (!error.isPassing) return;
      await new Promise((resolve) => setTimeout(resolve, Math.max(pauseMs, error.retryAfterMs ?? 0)));
      if (attempt !== mine) return;
    }
  }
}

async function resumeStored(token: string): Promise<void> {
  const mine = attempt;
  const own = await client(token)
    .readOwnToken()
    .catch((error) => {
      if (!isRefusal(error)) throw error;
    });
  if (attempt !== mine) return;
  if (own === undefined) forget('ended');
  else begin({ token, own, isKept: true });
}

/**
 * Redeems a ticket. The session before, if there is one, ends; it stays if the ticket is no longer valid, as when a link
 * is opened again in the same tab.
 */
async function redeem(ticket: string, before: string | undefined): Promise<void> {
  const mine = attempt;
  let token: string;
  try {
    token = (await client().redeemTicket({ body: { ticket } })).token;
  } catch (error) {
    if (!isRefusal(error) || attempt !== mine) throw error;
    if (session.peek() !== undefined) resuming.value = undefined;
    else if (before !== undefined) await resumeStored(before);
    else forget('link-used');
    return;
  }
  if (attempt !== mine) return;
  // Stored before it is used: if the page is reloaded now, the ticket is gone.
  store('sessionStorage', STORED_TOKEN, token);
  if (before !== undefined) void endSessionBefore(before);
  await persist(() => resumeStored(token));
}

async function endSessionBefore(token: string): Promise<void> {
  const own = await client(token)
    .readOwnToken()
    .catch(() => undefined);
  await revokeRedeemed(token, own?.redeemedId);
}

/** Reports whether the visitor's token has a scope on a target. The page offers only what the registry allows. */
export const may = (scope: Grant['scope'], target: Target): boolean =>
  session.value?.own.grants.some((grant) => covers(grant, scope, target)) ?? false;

/** Returns the patterns of keys on which the visitor's token has a scope, without a grant on the whole namespace. */
export const grantedKeys = (scope: Grant['scope'], namespace: string): string[] =>
  (session.value?.own.grants ?? [])
    .filter((grant) => (grant.ns === '*' || grant.ns === namespace) && includesScope(grant.scope, scope))
    .flatMap(({ keys = [] }) => keys);

/** Reports whether the visitor's token has a scope on entries of a namespace: on all of them, or some. */
export const mayUseEntries = (scope: Grant['scope'], namespace: string): boolean =>
  may(scope, { namespace, keys: { from: '' } }) || grantedKeys(scope, namespace).length > 0;

/** Reports whether the visitor's token has any grant other than `metrics` on a namespace. */
export const mayKnowOf = (namespace: string): boolean =>
  session.value?.own.grants.some(({ scope, ns }) => scope !== 'metrics' && (ns === '*' || ns === namespace)) ?? false;

/** Reports whether the visitor's token may know of services of a namespace: not if all of its grants name keys alone. */
export const mayKnowServices = (namespace: string): boolean =>
  session.value?.own.grants.some(
    ({ scope, ns, services, keys }) =>
      scope !== 'metrics' && (ns === '*' || ns === namespace) && (keys === undefined || services?.length),
  ) ?? false;

/** Returns the namespaces that the visitor's token administers, with `*` for all: it manages the tokens of those. */
export const administered = (): string[] =>
  (session.value?.own.grants ?? []).filter(({ scope }) => scope === 'admin').map(({ ns }) => ns);

/** Returns the patterns of services that the visitor's token may read, without a grant on the whole namespace. */
export const readablePatterns = (namespace: string): string[] =>
  (session.value?.own.grants ?? [])
    .filter(({ scope, ns }) => scope === 'read' && (ns === '*' || ns === namespace))
    .flatMap(({ services = [] }) => services);
