import { readFileSync } from 'node:fs';

/** Of the system's clock ticks, in which it counts the time of processes: always so on Linux, as programs see it. */
const TICK_US = 10_000;

/** Processor time that a process has taken so far, in microseconds: of all its threads, those that have ended too. */
export function processorUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in brackets, and may have anything in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Fields 14 and 15 of proc(5), of which the first two are cut off.
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}
