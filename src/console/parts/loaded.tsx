import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { words } from '../words/words';
import { Skeleton } from './problem';

/** Components that have been loaded, by their loader. */
const loaded = new Map<() => Promise<unknown>, unknown>();

/**
 * Shows a page that is loaded on demand. If it can't be loaded, as after an update of the registry, it offers a reload.
 *
 * @param load Must be the same function each time.
 */
export function Loaded<Props extends object>({
  load,
  props,
}: {
  load: () => Promise<ComponentType<Props>>;
  props: Props;
}) {
  const [state, setState] = useState<{ page?: ComponentType<Props>; isLost?: boolean }>({
    // `as`: entries are made below, from the same loader
    page: loaded.get(load) as ComponentType<Props> | undefined,
  });
  useEffect(() => {
    if (state.page !== undefined) return;
    load().then(
      (page) => {
        loaded.set(load, page);
        setState({ page });
      },
      () => setState({ isLost: true }),
    );
  }, [load, state.page]);
  const { problem, common } = words.value;
  if (state.isLost)
    return (
      <main id="content">
        <div class="card note bad" role="alert">
          <p>{problem.chunk}</p>
          <button class="btn" type="button" onClick={() => location.reload()}>
            {common.reload}
          </button>
        </div>
      </main>
    );
  const Page = state.page;
  return Page === undefined ? <Skeleton /> : <Page {...props} />;
}
