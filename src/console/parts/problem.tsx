import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { RollcallError } from '../../client/admin';
import { words } from '../words/words';

/** Time after which a page that has nothing to show yet shows that it loads. */
const SKELETON_AFTER_MS = 150;

/** Shows an error: a sentence for its code, and the registry's own on request. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { problem, common } = words.value;
  const { code, detail } = RollcallError.from(error, problem.title);
  return (
    <div class="card note bad" role="alert">
      <p class="big">{problem.byCode[code] ?? problem.other}</p>
      <details>
        <summary>{common.details}</summary>
        <p class="mono">
          {detail} ({code})
        </p>
      </details>
      {onRetry && (
        <button class="btn" type="button" onClick={onRetry}>
          {common.retry}
        </button>
      )}
    </div>
  );
}

/** Shows which grant is missing. */
export function Denied({ scope, target }: { scope: string; target: string }) {
  const { problem } = words.value;
  return (
    <div class="card note">
      <p class="big">{problem.byCode.FORBIDDEN}</p>
      <p>{problem.needs(scope, target)}</p>
    </div>
  );
}

/** Shows that a page loads, once that takes long enough to be noticed. */
export function Skeleton() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isLate) return null;
  return (
    <div class="card skeleton" role="status" aria-label={words.value.common.loading}>
      {[...Array(8)].map((_, index) => (
        <div key={index} class="bone" />
      ))}
    </div>
  );
}

/** Shows that there is nothing, and the next step. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="card note empty">{children}</div>;
}
