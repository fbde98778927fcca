import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** Globals of a browser, as far as a session uses them. */
const page = { origin: 'http://registry.test', hash: '', pathname: '/console/public/services', search: '?q=a' };
let kept: Map<string, string>;
let calls: string[];
let answers: (request: { method: string; path: string; token: string | null }) => Response;

const json = (body: unknown, status = 200) => Response.json(body, { status });
const refused = () => json({ code: 'UNAUTHENTICATED', detail: 'no such token' }, 401);
const own = (redeemedId?: string, expiresAt?: string) =>
  json({ id: 'op', name: 'operator', grants: [], root: false, redeemedId, expiresAt });

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-20T12:00:00Z') });
  vi.resetModules();
  kept = new Map();
  calls = [];
  page.hash = '';
  vi.stubGlobal('location', page);
  vi.stubGlobal('history', {
    replaceState: (_: unknown, __: string, url: string) => {
      calls.push(`replaceState ${url}`);
      page.hash = '';
    },
  });
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', headers }: RequestInit) => {
    const request = { method, path: new URL(url).pathname, token: new Headers(headers).get('authorization') };
    calls.push(`${request.method} ${request.path}`);
    return answers(request);
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const REDEEM = '/api/v1/tickets/redeem';

describe('a link that signs in', () => {
  it('loses its ticket before any request, and the token for it survives a reload', async () => {
    const { resume, session } = await import('./session');
    page.hash = '#ticket=once';
    answers = ({ path }) => (path === REDEEM ? json({ token: 'rc_link' }) : own('link-1'));
    await resume();
    expect(calls).toEqual(['replaceState /console/public/services?q=a', `POST ${REDEEM}`, 'GET /api/v1/token']);
    expect(session.value).toMatchObject({ token: 'rc_link', isKept: true });
    expect([...kept.values()]).toEqual(['rc_link']);
  });

  it('is refused the second time', async () => {
    const { resume, session, signedOut } = await import('./session');
    page.hash = '#ticket=once';
    answers = refused;
    await resume();
    expect([session.value, signedOut.value, kept.size]).toEqual([undefined, 'link-used', 0]);
  });

  it('leaves the session as it was if it no longer works', async () => {
    const { resume, session } = await import('./session');
    kept.set('rollcall-token', 'rc_mine');
    page.hash = '#ticket=once';
    answers = ({ path }) => (path === REDEEM ? refused() : own());
    await resume();
    expect(session.value?.token).toBe('rc_mine');
  });

  it('ends the session of an earlier link', async () => {
    const { resume, session } = await import('./session');
    kept.set('rollcall-token', 'rc_old');
    page.hash = '#ticket=second';
    answers = ({ path, token }) => {
      if (path === REDEEM) return json({ token: 'rc_new' });
      return token === 'Bearer rc_old' ? own('link-1') : own('link-2');
    };
    await resume();
    await vi.waitFor(() => expect(calls).toContain('DELETE /api/v1/tokens/link-1'));
    expect(session.value?.token).toBe('rc_new');
    expect([...kept.values()]).toEqual(['rc_new']);
  });

  it('is tried again while the registry can’t be reached', async () => {
    const { resume, resuming, session } = await import('./session');
    page.hash = '#ticket=once';
    let isDown = true;
    answers = ({ path }) => {
      if (isDown) throw new TypeError('failed to fetch');
      return path === REDEEM ? json({ token: 'rc_link' }) : own('link-1');
    };
    const resumed = resume();
    await vi.waitFor(() => expect(resuming.value?.error?.code).toBe('UNREACHABLE'));
    isDown = false;
    await vi.advanceTimersByTimeAsync(20_000);
    await resumed;
    expect([session.value?.token, resuming.value]).toEqual(['rc_link', undefined]);
  });
});

describe('a stored token', () => {
  it('is kept while the registry can’t be reached, until the visitor gives up', async () => {
    const { forget, resume, resuming, session } = await import('./session');
    kept.set('rollcall-token', 'rc_mine');
    answers = () => json({ code: 'UNAVAILABLE', detail: 'not now' }, 503);
    const resumed = resume();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([resuming.value?.error?.code, kept.size]).toEqual(['UNAVAILABLE', 1]);
    forget('signed-out');
    await vi.advanceTimersByTimeAsync(60_000);
    await resumed;
    expect([session.value, resuming.value, kept.size]).toEqual([undefined, undefined, 0]);
  });

  it('is removed once the registry refuses it', async () => {
    const { resume, session, signedOut } = await import('./session');
    kept.set('rollcall-token', 'rc_mine');
    answers = refused;
    await resume();
    expect([session.value, signedOut.value, kept.size]).toEqual([undefined, 'ended', 0]);
  });
});

describe('a session', () => {
  it('stores the token only if that is asked for', async () => {
    const { keep, signIn } = await import('./session');
    answers = () => own();
    kept.set('rollcall-token', 'rc_older');
    await signIn('rc_mine', false);
    expect(kept.size).toBe(0);
    keep(true);
    expect([...kept.values()]).toEqual(['rc_mine']);
    keep(false);
    expect(kept.size).toBe(0);
  });

  it('ends with its token, although nothing else is asked, and asks no more', async () => {
    const { session, signedOut, signIn } = await import('./session');
    let isOver = false;
    answers = () => (isOver ? refused() : own(undefined, '2026-11-20T13:00:00Z'));
    await signIn('rc_mine', true);
    isOver = true;
    await vi.advanceTimersByTimeAsync(2 * 3_600_000);
    expect([session.value, signedOut.value, kept.size]).toEqual([undefined, 'expired', 0]);
    const asked = calls.length;
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(calls.length).toBe(asked);
  });

  it('revokes the token of a link when it is signed out', async () => {
    const { session, signIn, signOut } = await import('./session');
    answers = () => own('link-1');
    await signIn('rc_link', true);
    await signOut();
    expect(calls.at(-1)).toBe('DELETE /api/v1/tokens/link-1');
    expect([session.value, kept.size]).toEqual([undefined, 0]);
  });

  it('ends once a call is refused, and only if it is still the same', async () => {
    const { adopt, ask, session, signIn, signedOut } = await import('./session');
    answers = ({ token }) => (token === 'Bearer rc_old' && calls.length > 1 ? refused() : own());
    await signIn('rc_old', false);
    const late = ask((admin) => admin.readOwnToken());
    adopt('rc_new');
    await expect(late).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(session.value?.token).toBe('rc_new');
    answers = refused;
    await expect(ask((admin) => admin.readOwnToken())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([session.value, signedOut.value]).toEqual([undefined, 'ended']);
  });
});
