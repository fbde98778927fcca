import { RollcallError } from '../../client/admin';
import { setQuery } from '../state/location';
import { reachOf } from '../state/moments';
import { moment } from '../words/format';
import { words } from '../words/words';
import { Problem } from './problem';

/**
 * Shows why the registry refused a point in the history. If it is too old, the oldest moment is offered instead; if it is
 * invalid, the registry's own sentence says how.
 *
 * @param param Parameter of the address that is set to the oldest moment.
 */
export function PointProblem({ error, onRetry, param }: { error: unknown; onRetry?: () => void; param: string }) {
  const { history: text, problem } = words.value;
  const reach = reachOf(error);
  const { code, detail } = RollcallError.from(error, 'read');
  if (reach !== undefined)
    return (
      <div class="card note bad" role="alert">
        <p class="big">{problem.byCode.COMPACTED}</p>
        <p>{text.reach(moment(reach))}</p>
        <button class="btn" type="button" onClick={() => setQuery({ [param]: reach })}>
          {text.showFrom(moment(reach))}
        </button>
      </div>
    );
  if (code === 'INVALID_REQUEST')
    return (
      <div class="card note bad" role="alert">
        <p class="big">{problem.byCode.INVALID_REQUEST}</p>
        <p class="mono">{detail}</p>
      </div>
    );
  return <Problem error={error} onRetry={onRetry} />;
}
