import { ACCESS_MUTANTS } from './access-mutants';
import { COMMAND_MUTANTS } from './command-mutants';
import { DURABILITY_MUTANTS } from './durability-mutants';
import { ENTRY_MUTANTS } from './entry-mutants';
import { LAYOUT_MUTANTS } from './layout-mutants';
import { LEASE_MUTANTS } from './lease-mutants';
import type { Mutant } from './mutant';
import { PAST_MUTANTS } from './past-mutants';
import { TRANSACTION_MUTANTS } from './transaction-mutants';
import { WATCH_MUTANTS } from './watch-mutants';

/** All faults. The tests of the core must find each of them. */
export const MUTANTS: readonly Mutant[] = [
  ...DURABILITY_MUTANTS,
  ...LEASE_MUTANTS,
  ...COMMAND_MUTANTS,
  ...ACCESS_MUTANTS,
  ...WATCH_MUTANTS,
  ...PAST_MUTANTS,
  ...ENTRY_MUTANTS,
  ...LAYOUT_MUTANTS,
  ...TRANSACTION_MUTANTS,
];
