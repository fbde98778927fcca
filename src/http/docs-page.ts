import type { Page } from './page';
export function docsPage(_document: unknown): Page {
  return { title: 'Rollcall', body: '', style: '' };
}
