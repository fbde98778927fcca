import { Command } from '@commander-js/extra-typings';
import { serve } from '../../launcher/serve';
import { parseServeOptions } from '../../launcher/serve-options';

const ENVIRONMENT = `
Environment:
  ROLLCALL_ROOT_TOKEN  the root token, 32 characters or more (default: made on the first start, kept in
                       the data folder as root-token)`;

/** `rollcall serve`: the launcher does it. */
export function serveCommand() {
  return new Command('serve')
    .summary('run the registry on this machine')
    .description('Runs the registry on this machine until it is stopped (Ctrl-C or SIGTERM).')
    .option('--port <port>', 'port to listen on; 0 takes a free one (default 8787, or PORT)')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--data <folder>', 'folder of all data, made where it is absent (default data, or ROLLCALL_DATA)')
    .option(
      '--cors-origin <origin>',
      'origin of pages that may call from a browser; may come many times (default none, or ROLLCALL_CORS_ORIGINS)',
      (origin: string, others: string[] | undefined) => [...(others ?? []), origin],
    )
    .option(
      '--namespace-domain <domain>',
      'clients of dialects reach a namespace at <namespace>.<domain> (default none, or ROLLCALL_NAMESPACE_DOMAIN)',
    )
    .option('--tls-cert <file>', 'certificate and those up to its root, in PEM: speaks HTTPS (or ROLLCALL_TLS_CERT)')
    .option('--tls-key <file>', 'its private key, in PEM (or ROLLCALL_TLS_KEY)')
    .option('--trusted-proxy', 'a proxy in front tells the caller’s address (or ROLLCALL_TRUSTED_PROXY=true)')
    .option(
      '--log-level <level>',
      'off, error, warn, or info: a line for each request (default warn, or ROLLCALL_LOG_LEVEL)',
    )
    .addHelpText('after', ENVIRONMENT)
    .action((flags) => serve(parseServeOptions(flags, process.env)));
}
