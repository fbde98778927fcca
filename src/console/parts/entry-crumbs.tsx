import { Link } from 'wouter-preact';
import { foldersOf, keyTitle, queryOfPlace } from '../state/entry-keys';
import { entriesPath } from '../state/paths';
import { words } from '../words/words';

/** Links to the folders around a place. */
export function Crumbs({ ns, prefix }: { ns: string; prefix: string }) {
  const { entries: text, titles } = words.value;
  const folders = foldersOf(prefix);
  return (
    <nav class="crumbs" aria-label={text.path}>
      <Link href={entriesPath(ns)}>{titles.entries}</Link>
      {folders.map((folder, index) => (
        <span key={folder}>
          {' / '}
          <Link href={entriesPath(ns, queryOfPlace({ prefix: folder }))}>
            {keyTitle(folder.slice(folders[index - 1]?.length ?? 0)).replace(/\/$/, '') || '/'}
          </Link>
        </span>
      ))}
    </nav>
  );
}
