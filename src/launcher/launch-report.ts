import { writeSync } from 'node:fs';

/** Report of the resident process to its launcher, a line of JSON on standard output. The process prints nothing else there. */
export type LaunchReport =
  | {
      event: 'listening';
      port: number;
      /** Port for clients of Consul; null without one. */
      consulPort: number | null;
      /** Port for clients of etcd; null without one. */
      etcdPort: number | null;
      /** Port for clients of Nacos, by HTTP; null without one. */
      nacosPort: number | null;
      /** Number of connections that the descriptor limit allows; null without a limit. */
      connectionLimit: number | null;
      /** Absolute path of the root token's file; null if the token was given. */
      tokenPath: string | null;
      /** True if this start created the token. */
      tokenMade: boolean;
    }
  /** The start failed, with a message for the terminal. */
  | { event: 'refused'; message: string; exitCode: 1 | 2 };

/** Writes a report synchronously, so that the process may end right afterwards. */
export function writeReport(report: LaunchReport): void {
  writeSync(1, `${JSON.stringify(report)}\n`);
}

/** Parses a line of the resident process's standard output. Returns undefined if it is not a report. */
export function readReport(line: string): LaunchReport | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  // `as`: only {@link writeReport} of the same build writes such lines.
  return JSON.parse(line) as LaunchReport;
}
