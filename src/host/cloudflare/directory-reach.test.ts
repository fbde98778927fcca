import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistryError } from '../../model/errors';
import { DIRECTORY_ANSWER_MAX_MS, DIRECTORY_PATIENCE_MS, DIRECTORY_RETRY_INTERVAL_MS } from '../../model/limits';
import { DirectoryReach } from './directory-reach';

const unreachable = new RegistryError('UNAVAILABLE', 'could not be reached');
const fails = vi.fn(() => Promise.reject<string>(unreachable));
const hangs = vi.fn(() => new Promise<string>(() => {}));
const answers = vi.fn(async () => 'answer');
const refused = { code: 'UNAVAILABLE' };

describe('DirectoryReach', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.clearAllMocks();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const reach = () => new DirectoryReach({ now: () => Date.now() });
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  /** Returns the reach of a directory that hung at a request with a last known answer. */
  const silent = async () => {
    const { ask } = reach();
    const first = ask(hangs, 'known');
    await pass(DIRECTORY_PATIENCE_MS);
    expect(await first).toBe('known');
    return ask;
  };

  it('[A60] uses the directory’s response if there is one, whatever was known', async () => {
    const { ask } = reach();
    expect(await ask(answers, 'known')).toBe('answer');
    expect(await ask(async () => null, 'known')).toBeNull();
    const refusal = new RegistryError('FORBIDDEN', 'no');
    await expect(ask(() => Promise.reject(refusal), 'known')).rejects.toBe(refusal);
    expect(await ask(answers, 'known')).toBe('answer');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[A60] falls back on known values if the directory fails, and asks it again after 3 s', async () => {
    const { ask } = reach();
    expect(await ask(fails, 'known')).toBe('known');
    await pass(DIRECTORY_RETRY_INTERVAL_MS - 1);
    expect(await ask(answers, 'known')).toBe('known');
    expect(answers).not.toHaveBeenCalled();
    await pass(1);
    expect(await ask(answers, 'known'), 'the request that detects it doesn’t wait').toBe('known');
    expect(await ask(answers, 'known')).toBe('answer');
  });

  it('[A60, A61] falls back on known values if a question fails, and keeps asking', async () => {
    const { ask } = reach();
    const fault = () => Promise.reject<string>(new RegistryError('INTERNAL', 'it failed at this request'));
    expect(await ask(fault, 'known')).toBe('known');
    expect(await ask(answers, 'known')).toBe('answer');
    await expect(ask(fault)).rejects.toMatchObject({ ...refused, details: { retryAfterSeconds: 1 } });
  });

  it('[A61] lets each request ask a directory that fails at once if nothing is known', async () => {
    const { ask } = reach();
    await expect(ask(fails)).rejects.toBe(unreachable);
    await expect(ask(fails)).rejects.toBe(unreachable);
    expect(await ask(answers)).toBe('answer');
    expect(await ask(answers, 'known'), 'that response ended the outage').toBe('answer');
  });

  it('[A61] waits 1 s for a directory that hangs if a value is known, then not at all', async () => {
    const ask = await silent();
    expect(await ask(hangs, 'known')).toBe('known');
    await expect(ask(hangs)).rejects.toMatchObject({ ...refused, details: { retryAfterSeconds: 1 } });
    expect(hangs).toHaveBeenCalledOnce();
  });

  it('[A61] lets one request every 3 s wait 5 s for a directory that hangs, and refuses the others at once', async () => {
    const ask = await silent();
    await pass(DIRECTORY_RETRY_INTERVAL_MS);
    const settled = vi.fn();
    const probe = ask(hangs).catch(settled);
    await expect(ask(hangs)).rejects.toMatchObject(refused);
    expect(hangs).toHaveBeenCalledTimes(2);
    await pass(DIRECTORY_ANSWER_MAX_MS - 1);
    expect(settled).not.toHaveBeenCalled();
    await pass(1);
    await probe;
    expect(settled.mock.calls[0]?.[0]).toMatchObject(refused);
    await pass(DIRECTORY_RETRY_INTERVAL_MS);
    expect(await ask(answers), 'it is back').toBe('answer');
    expect(await ask(answers)).toBe('answer');
  });

  it('[A60, A61] ends the outage with a late response', async () => {
    const { ask } = reach();
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = ask(() => promise, 'known');
    await pass(DIRECTORY_PATIENCE_MS);
    expect(await first).toBe('known');
    resolve('late');
    await pass(0);
    expect(await ask(answers, 'known')).toBe('answer');
  });

  it('[A61] asks again after the clock was set back', async () => {
    const ask = await silent();
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(await ask(answers)).toBe('answer');
  });

  it('[A61] continues each question after its request, and never as a failure', async () => {
    const kept: Promise<unknown>[] = [];
    const { ask } = new DirectoryReach({ now: () => Date.now(), waitUntil: (work) => kept.push(work) });
    expect(await ask(fails, 'known')).toBe('known');
    await pass(DIRECTORY_RETRY_INTERVAL_MS);
    expect(await ask(fails, 'known')).toBe('known');
    expect(kept).toHaveLength(2);
    await Promise.all(kept);
  });
});
