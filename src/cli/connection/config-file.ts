import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { isRecord, parseJson } from '../../model/json';
import { CliError, EXIT } from '../terminal/failure';

/** A saved registry. */
export interface Context {
  url: string;
  token?: string | undefined;
  namespace?: string | undefined;
}

/** Content of the file of contexts. */
export interface Config {
  /** Name of the current context, which applies by default. */
  current?: string | undefined;
  contexts: Record<string, Context>;
}

/** Returns the path of the file. Source: the XDG base directory specification, which ignores relative paths. */
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
    throw new CliError(EXIT.failure, `Cannot read ${path}: ${String(error)}`);
  }
}

/** Reads the contexts; none if there is no file yet. */
export function readConfig(path: string): Config {
  const text = readIfThere(path);
  if (text === undefined) return { contexts: {} };
  let config: unknown;
  try {
    config = parseJson(text);
  } catch {
    // Invalid JSON is handled below, like any other invalid content.
  }
  if (isConfig(config)) return config;
  throw new CliError(
    EXIT.failure,
    `${path} is not a valid file of contexts.`,
    'Fix it, or move it away and add your contexts again: rollcall context add <name> --url <url>',
  );
}

/** Reports whether other users can read the file, which contains tokens. */
export function isOpenToOthers(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) % 0o100 !== 0;
}

/** Writes the contexts atomically, readable only by the owner. */
export function writeConfig(path: string, config: Config): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  // The umask restricts the mode of a new file, and a leftover temporary file keeps its old mode.
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
