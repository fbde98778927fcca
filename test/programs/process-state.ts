import { readFileSync } from 'node:fs';

/** Returns whether a process runs. A zombie does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may itself contain spaces and parentheses.
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** Unit in which the system counts processor time, in ticks per second. Linux reports 100 to every program. */
const TICKS_PER_SECOND = 100;

/** Returns the processor time that a process has used since its start, in seconds. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // From the third field on: user time is the fourteenth field, system time the fifteenth.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
