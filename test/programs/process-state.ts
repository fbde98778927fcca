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

/** Ticks of a second in which the system counts processor time. Linux has 100 for every program. */
const TICKS_PER_SECOND = 100;

/** Processor time that a process has taken since it began, in seconds. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // From the third field on: time of the program is the fourteenth, and that of the system for it the fifteenth.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
