import { Link } from 'wouter-preact';
import { AUDIT_PATH, TOKENS_PATH } from '../state/paths';
import { words } from '../words/words';

/** Switches between the pages about access. */
export function AccessTabs({ here }: { here: 'tokens' | 'audit' }) {
  const { nav, titles } = words.value;
  return (
    <nav class="tabs" aria-label={nav.access}>
      {(['tokens', 'audit'] as const).map((each) => (
        <Link
          key={each}
          href={each === 'tokens' ? TOKENS_PATH : AUDIT_PATH}
          aria-current={each === here ? 'page' : undefined}
        >
          {titles[each]}
        </Link>
      ))}
    </nav>
  );
}
