import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { directoryStubs, homeJurisdiction, jurisdictionProblem, namespaceStubs } from './object-stubs';

/** Returns objects whose ids contain their location, since workerd itself rejects jurisdictions. */
function objects(where: string): object {
  return {
    jurisdiction: (jurisdiction: string) => objects(jurisdiction),
    idFromName: (name: string) => `${name} in ${where}`,
    get: (id: string) => id,
  };
}

/** Returns the environment of a Worker. `as`: it has only the members that are read, and ids instead of stubs. */
const envWith = (settings: Record<string, string | null>) =>
  ({ DIRECTORY: objects('none'), NAMESPACES: objects('none'), ...settings }) as unknown as Env;

const placesIn = (settings: Record<string, string | null>) => {
  const env = envWith(settings);
  const ofNamespaces = [
    namespaceStubs(env, 'public', undefined),
    namespaceStubs(env, 'a', undefined),
    namespaceStubs(env, 'b', { jurisdiction: 'fedramp' }),
  ];
  return [directoryStubs(env), ...ofNamespaces].map((stubs) => String(stubs()));
};

it('[D7] the directory and public are in the jurisdiction of the registry, other namespaces where they were placed', () => {
  expect(placesIn({ ROLLCALL_JURISDICTION: 'eu' })).toEqual([
    'directory in eu',
    'public in eu',
    'a in none',
    'b in fedramp',
  ]);
  expect(placesIn({})).toEqual(['directory in none', 'public in none', 'a in none', 'b in fedramp']);
  for (const unset of [null, '']) {
    expect(placesIn({ ROLLCALL_JURISDICTION: unset })).toEqual([
      'directory in none',
      'public in none',
      'a in none',
      'b in fedramp',
    ]);
  }
});

it('[D7] on one machine there is one place, whatever the setting', () => {
  const settings = { ROLLCALL_ONE_MACHINE: 'true', ROLLCALL_JURISDICTION: 'eu' };
  expect(placesIn(settings)).toEqual(['directory in none', 'public in none', 'a in none', 'b in none']);
});

it('[D7] an unknown jurisdiction is refused, and nothing is created elsewhere meanwhile', () => {
  const env = envWith({ ROLLCALL_JURISDICTION: 'EU' });
  expect(jurisdictionProblem(env)).toMatchObject({ code: 'NOT_CONFIGURED', message: expect.stringContaining('"EU"') });
  expect(() => homeJurisdiction(env)).toThrow('eu, fedramp');
  expect(directoryStubs(env)).toThrow('ROLLCALL_JURISDICTION');
  expect(() => namespaceStubs(env, 'public', undefined)).toThrow('ROLLCALL_JURISDICTION');
  expect(jurisdictionProblem(envWith({ ROLLCALL_JURISDICTION: 'eu' }))).toBeUndefined();
});

const ONE_MACHINE = { ...env, ROLLCALL_ONE_MACHINE: 'true' };
const idOf = (stub: { id: DurableObjectId }) => stub.id.toString();

it('[N1] a namespace is the same object with and without a hint', () => {
  const plain = namespaceStubs(env, 'a', undefined);
  expect(idOf(namespaceStubs(env, 'a', { hint: 'weur' })())).toBe(idOf(plain()));
  expect(plain()).not.toBe(plain());
  expect(idOf(namespaceStubs(env, 'b', undefined)())).not.toBe(idOf(plain()));
});

it('[N1] a placement has no effect on one machine, whose workerd rejects jurisdictions', () => {
  expect(idOf(namespaceStubs(ONE_MACHINE, 'a', { jurisdiction: 'eu' })())).toBe(
    idOf(namespaceStubs(env, 'a', undefined)()),
  );
});

it('[N1] a namespace is always the object of its jurisdiction', () => {
  expect(() => namespaceStubs(env, 'a', { jurisdiction: 'eu' })).toThrow();
});
