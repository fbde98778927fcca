/** Algorithms that `npm run mutants` changes: each has tests beside it that need no other part of the registry. */
export const ALGORITHMS: readonly string[] = [
  'src/core/storage/commit-pipeline.ts',
  'src/core/namespace/commit/journal.ts',
  'src/core/namespace/commit/journal-format.ts',
  'src/core/namespace/history/journal-walk.ts',
  'src/core/namespace/records/checkpoints.ts',
  'src/core/namespace/records/lease-table.ts',
  'src/core/namespace/time/agenda.ts',
  'src/core/namespace/time/namespace-time.ts',
  'src/core/namespace/watch/pollers.ts',
  'src/core/namespace/watch/reader-holds.ts',
  'src/core/namespace/watch/receipts.ts',
  'src/core/namespace/watch/unread-budget.ts',
  'src/auth/authorize.ts',
  'src/model/coverage.ts',
  'src/codecs/eureka/kept.ts',
  'src/codecs/eureka/xml.ts',
];
