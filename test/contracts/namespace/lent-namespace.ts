import type { NamespaceApi } from '../../../src/model/namespace-api';

/** A namespace that was lent to one test: empty, and torn down after it. */
export interface LentNamespace {
  readonly api: NamespaceApi;
  /** Lets time pass, in milliseconds: what is due on the way happens, each at its moment. */
  pass(ms: number): Promise<void>;
  /** Lets time pass without running anything, not even what is due. */
  freeze(ms: number): Promise<void>;
  /** Sets the wall clock forward, or back if `ms` is negative. */
  setClock(ms: number): Promise<void>;
  /** Memory is lost at once, as by eviction; what is stored stays. */
  restart(): Promise<void>;
  /** Loses the alarm that is armed, unnoticed by the namespace. */
  loseAlarm(): Promise<void>;
  close?(): Promise<void>;
}

/** `true`, or the reason why an implementation can't do it: then the cases that need it are left out. */
export type Capability = true | string;

/** What a case may need beyond the interface itself. */
export interface Capabilities {
  /** True if {@link LentNamespace.pass}, {@link LentNamespace.freeze} and {@link LentNamespace.setClock} are supported. */
  movesTime: Capability;
  /** {@link LentNamespace.restart} works. */
  restarts: Capability;
  /** Renewals are written down by a look five seconds after, and not by the restart. */
  keepsRenewalsByLooks: Capability;
  /** True if {@link LentNamespace.loseAlarm} is supported. */
  losesAlarms: Capability;
  /** True if its only clock is the wall clock, and frequent alarms show whether it listened. */
  looks: Capability;
  /** True if it has a monotonic clock, and ticks every `ATTENTION_PASS_MS` show whether it listened. */
  ticks: Capability;
  /** True if listening time counts towards the end of a lease across gaps. */
  addsUpAttention: Capability;
  /** Memory lasts from one call to the next. */
  remembers: Capability;
  /** Ten thousand calls take seconds at most. */
  isFast: Capability;
}

/** Registers cases that need a capability, where it is there. */
export function where(capability: Capability, register: () => void): void {
  if (capability === true) register();
}
