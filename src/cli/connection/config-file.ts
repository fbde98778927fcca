import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { isRecord, parseJson } from '../../model/json';
import { CliError, EXIT } from '../terminal/failure';

/** A registry that somebody works with, by a name of theirs. */
export interface Context {
  url: string;
  token?: string | undefined;
  namespace?: string | undefined;
}

/** What the file of contexts holds. */
export interface Config {
  /** The context that counts where nothing else is said. */
  current?: string | undefined;
  contexts: Record<string, Context>;
}

/** Where the file is. Source: the XDG base directory specification, by which a relative path does not count. */
export function configPath(env: NodeJS.ProcessEnv): string {
  const given = env.XDG_CONFIG_HOME;
  const base = given !== undefined && isAbsolute(given) ? given : join(homedir(), '.config');
  return join(base, 'rollcall', 'config.json');
}

const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';

function isContext(value: unknown): value is Context {
  return isRecord(value) && typeof value.url === 'string' && isText(value.token) && isText(value.namespace);
}

function isConfig(value: unknown): value is Config {
  return (
    isRecord(value) &&
    isText(value.current) &&
    isRecord(value.contexts) &&
    Object.values(value.contexts).every((context) => isContext(context))
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new CliError(EXIT.failure, `${path} can't be read: ${String(error)}`);
  }
}

/** Reads the contexts; none where there is no file yet. */
export function readConfig(path: string): Config {
  const text = readIfThere(path);
  if (text === undefined) return { contexts: {} };
  let config: unknown;
  try {
    config = parseJson(text);
  } catch {
    // What it is instead does not matter: below it is told what to do.
  }
  if (isConfig(config)) return config;
  throw new CliError(
    EXIT.failure,
    `${path} is not a file of contexts.`,
    'Mend it, or move it away and add your contexts again: rollcall context add <name> --url <url>',
  );
}

/** Whether others than its owner may read the file, which holds tokens. */
export function isOpenToOthers(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) % 0o100 !== 0;
}

/** Writes the contexts in one step, for the owner's eyes alone. */
export function writeConfig(path: string, config: Config): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  // The mode of a new file is cut by the umask, and one left behind keeps the mode it had.
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
