import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { CliError, EXIT } from '../terminal/failure';
import type { Config, Context } from './config-file';

/** Default address of `rollcall serve`. */
const LOCAL_URL = 'http://127.0.0.1:8787';

/** The registry that a command uses, and the sources of its settings. */
export interface Place {
  url: string;
  token: string | undefined;
  namespace: string;
  /** Source of each setting, for people. Never contains a secret. */
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
  /** Current working directory. */
  cwd: string;
}

/** A setting with its source, for people. */
export interface Setting {
  value: string;
  source: string;
}

const given = (value: string | undefined, source: string): Setting | undefined =>
  value === undefined || value.trim() === '' ? undefined : { value: value.trim(), source };

function namedContext(config: Config, name: string): Context {
  const context = Object.hasOwn(config.contexts, name) ? config.contexts[name] : undefined;
  if (context !== undefined) return context;
  const known = Object.keys(config.contexts).sort().join(', ') || 'none yet';
  throw new CliError(
    EXIT.usage,
    `There is no context ${JSON.stringify(name)}. Known contexts: ${known}.`,
    `Add it: rollcall context add ${name} --url <url>`,
  );
}

/** Returns the root token of a registry that `rollcall serve` runs in this folder. */
function localToken(env: NodeJS.ProcessEnv, cwd: string): Setting | undefined {
  const path = join(env.ROLLCALL_DATA || 'data', 'root-token');
  const absolute = path.startsWith('/') ? path : join(cwd, path);
  if (!existsSync(absolute)) return undefined;
  try {
    return given(readFileSync(absolute, 'utf8').trim(), path);
  } catch {
    // The folder belongs to another user: its token is not available.
    return undefined;
  }
}

/** Reports whether a url has a loopback address. */
export const isLoopback = (url: string): boolean => /^(127\.|\[::1\]$|localhost$)/.test(new URL(url).hostname);

/**
 * Refuses a text that is not the url of a registry. The message does not contain the url if that has a password.
 *
 * @param source Name of the setting, for the message.
 */
export function assertRegistryUrl({ value, source }: Setting): void {
  const name = source.startsWith('context ') ? `The url of ${source}` : source;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const hasPassword = url === undefined ? value.includes('@') : url.username !== '' || url.password !== '';
  if (!hasPassword) {
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
    const host = /^([\w.-]+|\[[\w:]+\])(:\d+)?$/.test(value) ? `Use http://${value} or https://${value}.` : undefined;
    throw new CliError(
      EXIT.usage,
      `${name} must start with http:// or https://, got ${JSON.stringify(value)}.`,
      host ?? `Use a url such as ${LOCAL_URL}.`,
    );
  }
  throw new CliError(EXIT.usage, `${name} must not contain a user or password.`, 'Use a token instead: ROLLCALL_TOKEN');
}

/**
 * Finds the registry to use. Options take precedence over the environment, then the current context, then the registry on
 * this machine.
 *
 * A context is used as a whole: its token and namespace apply only with its URL, so that a token is never sent to another
 * registry. The local token applies only to the local default.
 *
 * @throws {CliError} If the named context does not exist, or the URL contains a password.
 */
export function findPlace({ flags, env, config, cwd }: PlaceOptions): Place {
  const chosen = flags.context ?? (env.ROLLCALL_URL ? undefined : config.current);
  const context = chosen === undefined ? undefined : namedContext(config, chosen);
  const named = context === undefined ? '' : `context ${chosen}`;
  // A context on the command line takes precedence over the environment.
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
  if (url !== undefined) assertRegistryUrl(url);
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
