import { writeSync } from 'node:fs';

/**
 * What the resident process tells its launcher, as one line of JSON on standard output, where it writes nothing else.
 */
export type LaunchReport =
  | {
      event: 'listening';
      port: number;
      /** How many connections the descriptor limit allows; null without a limit. */
      connectionLimit: number | null;
      /** Absolute path of the root token's file; null if the token was given. */
      tokenPath: string | null;
      /** True if this start made the token. */
      tokenMade: boolean;
    }
  /** The start failed for a reason that the person at the terminal is to read. */
  | { event: 'refused'; message: string; exitCode: 1 | 2 };

/** Writes a report. It is written when this returns: the process may end then. */
export function writeReport(report: LaunchReport): void {
  writeSync(1, `${JSON.stringify(report)}\n`);
}

/** Reads a line of the resident process's standard output; undefined for one that is no report. */
export function readReport(line: string): LaunchReport | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  // `as`: only {@link writeReport} writes there, in a file of the same build.
  return JSON.parse(line) as LaunchReport;
}
