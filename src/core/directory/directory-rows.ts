import type { AuditLog } from './audit-log';
import type { ErrandRows } from './errand-rows';
import type { NamespaceRows } from './namespace-rows';
import type { TicketRows } from './ticket-rows';
import type { TokenRows } from './token-rows';

/** What the directory keeps. */
export interface DirectoryRows {
  namespaces: NamespaceRows;
  tokens: TokenRows;
  tickets: TicketRows;
  audit: AuditLog;
  errands: ErrandRows;
}
