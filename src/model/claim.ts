import type { Extensions } from './instance';
import type { ServiceNames } from './joined-name';

/** A service that an instance can be found under beside its own, by what its extensions say. */
export interface Claim {
  service: ServiceNames;
  /** The member that says so, as a refusal quotes it: `vipAddress "orders"`. */
  by: string;
}

/** Reads the services that the extensions of an instance claim beside its own. None of them has to exist. */
export type ClaimsOf = (service: ServiceNames, extensions: Extensions) => readonly Claim[];
