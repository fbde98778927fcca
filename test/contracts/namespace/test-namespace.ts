import type { NamespaceSettings } from '../../../src/model/namespace';
import type { NamespaceApi } from '../../../src/model/namespace-api';

/** A namespace given to one test: empty, and torn down after it. */
export interface TestNamespace {
  readonly api: NamespaceApi;
  /** Lets time pass, in milliseconds, and runs everything that becomes due at its time. */
  pass(ms: number): Promise<void>;
  /** Lets time pass, in milliseconds, without running anything, even if it is due. */
  freeze(ms: number): Promise<void>;
  /** Sets the wall clock forward, or back if `ms` is negative. */
  setClock(ms: number): Promise<void>;
  /** Loses the memory at once, as by eviction; the storage stays. */
  restart(): Promise<void>;
  /** Loses the armed alarm, without the namespace noticing. */
  loseAlarm(): Promise<void>;
  /** Replaces its settings, if it has made-up layouts. */
  configure?(settings: NamespaceSettings): Promise<void>;
  close?(): Promise<void>;
}

/** `true`, or the reason why an implementation lacks it: then the cases that need it are left out. */
export type Capability = true | string;

/** Capabilities that a case may need beyond the interface itself. */
export interface Capabilities {
  /** True if {@link TestNamespace.pass}, {@link TestNamespace.freeze} and {@link TestNamespace.setClock} are supported. */
  movesTime: Capability;
  /** True if {@link TestNamespace.restart} is supported. */
  restarts: Capability;
  /** True if renewals are written down by a look five seconds later, and not by the restart. */
  keepsRenewalsByLooks: Capability;
  /** True if {@link TestNamespace.loseAlarm} is supported. */
  losesAlarms: Capability;
  /** True if its only clock is the wall clock, and frequent alarms show whether it listened. */
  looks: Capability;
  /** True if it has a monotonic clock, and ticks every `ATTENTION_PASS_MS` show whether it listened. */
  ticks: Capability;
  /** True if listening time counts towards the end of a lease across gaps. */
  addsUpAttention: Capability;
  /** True if it has the layouts of `made-up-layouts.ts`, and {@link TestNamespace.configure} is supported. */
  hasLayouts: Capability;
  /** True if memory lasts from one call to the next. */
  remembers: Capability;
  /** True if ten thousand calls take seconds at most. */
  isFast: Capability;
}

/** Registers cases that need a capability, if the implementation has it. */
export function where(capability: Capability, register: () => void): void {
  if (capability === true) register();
}

const HOUR_MS = 3_600_000;

/** Returns a time after which anything with a default deadline has ended: a day, or two hours if ticks take seconds for a day. */
export const longTime = ({ ticks }: Capabilities): number => (ticks === true ? 2 : 24) * HOUR_MS;
