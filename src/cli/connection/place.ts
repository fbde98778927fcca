import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { CliError, EXIT } from '../terminal/failure';
import type { Config, Context } from './config-file';

/** Where `rollcall serve` listens unless it is told otherwise. */
const LOCAL_URL = 'http://127.0.0.1:8787';

/** The registry that a command talks to, and what said so. */
export interface Place {
  url: string;
  token: string | undefined;
  namespace: string;
  /** Where each of them was taken from, for people. Never a secret. */
  sources: { url: string; token: string; namespace: string };
}

export interface PlaceOptions {
  flags: {
    url?: string | undefined;
    token?: string | undefined;
    namespace?: string | undefined;
    context?: string | undefined;
  };
  env: NodeJS.ProcessEnv;
  config: Config;
  /** The folder where the command was typed. */
  cwd: string;
}

interface Setting {
  value: string;
  source: string;
}

const given = (value: string | undefined, source: string): Setting | undefined =>
  value === undefined || value === '' ? undefined : { value, source };

function namedContext(config: Config, name: string): Context {
  const context = Object.hasOwn(config.contexts, name) ? config.contexts[name] : undefined;
  if (context !== undefined) return context;
  const known = Object.keys(config.contexts).sort().join(', ') || 'none yet';
  throw new CliError(
    EXIT.usage,
    `There is no context ${JSON.stringify(name)}; there is: ${known}.`,
    `Add it: rollcall context add ${name} --url <url>`,
  );
}

/** The token of a registry that `rollcall serve` runs from this folder. */
function localToken(env: NodeJS.ProcessEnv, cwd: string): Setting | undefined {
  const path = join(env.ROLLCALL_DATA || 'data', 'root-token');
  const absolute = path.startsWith('/') ? path : join(cwd, path);
  if (!existsSync(absolute)) return undefined;
  try {
    return given(readFileSync(absolute, 'utf8').trim(), path);
  } catch {
    // Somebody else's folder: whoever may not read its token has none from there.
    return undefined;
  }
}

/** It is not shown where it may hold a password. */
function assertNoPassword({ value, source }: Setting): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const hasPassword = url === undefined ? value.includes('@') : url.username !== '' || url.password !== '';
  if (!hasPassword) return;
  throw new CliError(
    EXIT.usage,
    `The url of ${source} must have no user and no password.`,
    'Give the token: ROLLCALL_TOKEN',
  );
}

/**
 * Finds the registry to talk to: options go before the environment, that before the context in use, and that before the
 * registry of this machine.
 *
 * A context is one thing: its token and its namespace count only where its url does, so that no token goes to a registry
 * that it was not kept for. The local token counts only for the local default.
 *
 * @throws {CliError} if a context is named that is not there, or the url holds a password.
 */
export function findPlace({ flags, env, config, cwd }: PlaceOptions): Place {
  const chosen = flags.context ?? (env.ROLLCALL_URL ? undefined : config.current);
  const context = chosen === undefined ? undefined : namedContext(config, chosen);
  const named = context === undefined ? '' : `context ${chosen}`;
  // Who names a context on the command line means it, whatever the environment says.
  const environmentUrl = flags.context === undefined ? given(env.ROLLCALL_URL, 'ROLLCALL_URL') : undefined;

  const url = given(flags.url, '--url') ?? environmentUrl ?? given(context?.url, named);
  const isOfContext = url !== undefined && url.source === named;
  const ofContext = isOfContext ? context : undefined;
  const ofEnvironment = (name: string) => given(env[name], name);
  const second = (name: string, value: string | undefined) =>
    flags.context !== undefined && isOfContext
      ? (given(value, named) ?? ofEnvironment(name))
      : (ofEnvironment(name) ?? given(value, named));

  const token =
    given(flags.token, '--token') ??
    second('ROLLCALL_TOKEN', ofContext?.token) ??
    (url === undefined ? localToken(env, cwd) : undefined);
  const namespace = given(flags.namespace, '--namespace') ?? second('ROLLCALL_NAMESPACE', ofContext?.namespace);
  if (url !== undefined) assertNoPassword(url);
  return {
    url: url?.value ?? LOCAL_URL,
    token: token?.value,
    namespace: namespace?.value ?? DEFAULT_NAMESPACE,
    sources: {
      url: url?.source ?? 'default',
      token: token?.source ?? 'none',
      namespace: namespace?.source ?? 'default',
    },
  };
}
