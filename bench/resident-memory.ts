import { readFileSync } from 'node:fs';

/** Returns the resident memory of a process in bytes, connections included. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error('the system does not report the memory of a process');
  return Number(match[1]) * 1_024;
}
