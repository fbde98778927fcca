import type { Finding } from './check-history';
import type { History } from './operation';
export function picture(_history: History, _findings: readonly Finding[]): string {
  return '';
}
