import { spawn } from 'node:child_process';
import type { Fetch } from '../../client/wire/client-options';
import { TICKET_LIFE_MS } from '../../model/limits';
import type { Place } from '../connection/place';
import { connect, registryCommand } from '../connection/registry';
import { tracedFetch } from '../connection/traced-fetch';
import { CliError, EXIT } from '../terminal/failure';
import { durationText } from '../terminal/phrases';

/** `rollcall console`: opens the console of a registry in a browser, signed in. */
export function consoleCommand() {
  return registryCommand('console')
    .summary('open the console in a browser')
    .description(
      'Opens the console in a browser, signed in with the permissions of the token in use, and prints the link. The link ' +
        `works once, within ${durationText(TICKET_LIFE_MS)}; the session lasts 12 hours at most.`,
    )
    .option('--no-open', 'print the link, and open no browser')
    .action(async ({ open, ...options }) => {
      const { place, registry, print } = connect(options);
      const { ticket, expiresAt } = await registry.createTicket();
      const page = consolePage(place);
      await assertConsole(
        page,
        place.token,
        tracedFetch({ trace: (line) => print.trace(line), timeoutMs: options.timeout }),
      );
      const url = `${page}#ticket=${encodeURIComponent(ticket)}`;
      const opener = open ? openerOf(process.platform, process.env) : undefined;
      const opened = opener !== undefined && (await started(opener, url));
      print.answer({ url, expiresAt, opened }, url);
      print.note(`The link works once, within ${durationText(TICKET_LIFE_MS)}.`);
    });
}

/** Returns the url of the console, or of a namespace in it if one is chosen. */
function consolePage({ url, namespace, sources }: Pick<Place, 'url' | 'namespace' | 'sources'>): string {
  const path = sources.namespace === 'default' ? '/console' : `/console/${encodeURIComponent(namespace)}/services`;
  return new URL(path, url).href;
}

/**
 * Checks that the registry has a console. Sends the token, because an older registry answers 401 on an unknown route without one.
 *
 * @throws {CliError} if it has none.
 */
async function assertConsole(page: string, token: string | undefined, fetch: Fetch): Promise<void> {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const { status } = await fetch(page, { method: 'HEAD', headers, redirect: 'manual' });
  if (status === 200) return;
  const { origin } = new URL(page);
  if (status === 404) {
    const advice = 'Update the registry; rollcall doctor shows its version.';
    throw new CliError(EXIT.failure, `${origin} has no console: its version is too old.`, advice);
  }
  throw new CliError(EXIT.unreachable, `${page} responds with status ${status}.`, 'Diagnose it with rollcall doctor.');
}

/** A program that opens a url, which is appended to its arguments. */
export type Opener = readonly [program: string, ...args: string[]];

/** Returns the program that opens a url in a browser; undefined if the user sits at another machine, or has no display. */
export function openerOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): Opener | undefined {
  const has = (name: string): boolean => (env[name] ?? '') !== '';
  if (has('SSH_CONNECTION') || has('SSH_TTY')) return undefined;
  if (platform === 'darwin') return ['open'];
  // Without a shell, which would interpret the url.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return has('DISPLAY') || has('WAYLAND_DISPLAY') ? ['xdg-open'] : undefined;
}

/** Starts a program that outlives this one. Returns whether it could be started. */
function started([program, ...args]: Opener, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { detached: true, stdio: 'ignore' });
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
    child.once('error', () => resolve(false));
  });
}
