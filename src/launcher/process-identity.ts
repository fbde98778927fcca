import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from './launch-error';

/** Names one run of one process. The number alone does not: the system gives it to another process later. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the system's own words; null where the system does not say. */
  started: string | null;
}

/**
 * Names the system that gives out the process numbers seen from here: one boot of one machine, and on Linux one
 * container of it. A number that comes from anywhere else says nothing here.
 */
export function processScope(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Identity of a process that runs now; null if there is none, or only what its parent has yet to collect. */
export function identify(pid: number): ProcessIdentity | null {
  if (!answersToSignals(pid)) return null;
  const { state, started } = lookUp(pid);
  return state === 'Z' ? null : { pid, started };
}

/** True while this very run of the process goes on. */
export function isRunning(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && (identity.started === null || now.started === null || now.started === identity.started);
}

function answersToSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** State and start time from Linux's /proc, and elsewhere from ps, whose `lstart` is a date to the second. */
function lookUp(pid: number): { state: string | null; started: string | null } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
    const [state = null, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, started: fields[18] ?? null };
  } catch {
    return askPs(pid);
  }
}

function askPs(pid: number): { state: string | null; started: string | null } {
  try {
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
    const [state = '', ...date] = line.trim().split(/\s+/);
    return { state: state.slice(0, 1), started: date.join(' ') };
  } catch {
    return { state: null, started: null };
  }
}
