import { readFileSync } from 'node:fs';

/** Length of the clock tick in which Linux reports processor time to programs. */
const TICK_US = 10_000;

/** Processor time in microseconds: in the program itself, and in the kernel on its behalf. */
export interface ProcessorTimes {
  userUs: number;
  systemUs: number;
}

/** Returns the processor time of a process for all its threads, ended ones included. */
export function processorTimes(pid: number): ProcessorTimes {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name is in brackets and may contain any character.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Fields 14 and 15 of proc(5); the first two fields were cut off.
  return { userUs: Number(fields[11]) * TICK_US, systemUs: Number(fields[12]) * TICK_US };
}

/** Returns the processor time of a process in microseconds, for all its threads, ended ones included. */
export function processorUs(pid: number): number {
  const { userUs, systemUs } = processorTimes(pid);
  return userUs + systemUs;
}
