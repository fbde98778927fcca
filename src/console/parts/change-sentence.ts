import type { HistoryChange } from '../../client/wire/history-answers';
import { actorName } from '../state/actors';
import { type ChangeLine, type FoldFacts, keyOf } from '../state/change-lines';
import type { State } from '../state/instance-state';
import { serviceTitle } from '../state/paths';
import { words } from '../words/words';
import { STATE_OF_CAUSE } from './latest-feed';

/** Author of what happens without a request, such as the end of a lease. */
const REGISTRY = 'registry';

/** Returns a change in words: `ops-night quarantined orders-4`, `orders-4 expired`. */
export function sentenceOf({ cause, actor, change }: Pick<ChangeLine, 'cause' | 'actor' | 'change'>): string {
  const { history: text, causes } = words.value;
  const what = nameOf(change);
  const isLifted = change.kind === 'override' && change.after === null;
  const verb = isLifted && cause === 'overridden' ? text.lifted : text.verbs[cause];
  return verb === undefined || actor === REGISTRY
    ? text.became(what, causes[cause] ?? cause)
    : text.did(actorName(actor), verb, what);
}

/** Returns the name of an instance, a service or an entry, with its kind unless it is an instance. */
export function nameOf(change: HistoryChange): string {
  const { history: text } = words.value;
  if (change.kind === 'entry') return text.entryNamed(keyOf(change));
  return change.kind === 'service' ? text.serviceNamed(serviceTitle(change)) : change.id;
}

/** Returns the changes of a fold in words: `deploy registered 24 instances of orders`. */
export function foldSentence({ cause, actor, changes, records, of, service, id }: FoldFacts): string {
  const { history: text, causes, common } = words.value;
  const counted = id ?? common[of](records);
  const isNamed = service !== undefined && id === undefined && of === 'instances';
  const what = isNamed ? text.ofService(counted, serviceTitle(service)) : counted;
  const verb = actor === REGISTRY ? undefined : text.verbs[cause];
  const sentence =
    verb === undefined ? text.became(what, causes[cause] ?? cause) : text.did(actorName(actor), verb, what);
  return changes === records ? sentence : text.repeated(sentence, text.changes(changes));
}

/** Returns the state that a change leads to, for its shape. */
export function stateAfter({ cause, change }: Pick<ChangeLine, 'cause' | 'change'>): State {
  // Settings need not take an instance out of traffic.
  if (cause === 'overridden' && change.kind === 'override')
    return change.after?.quarantine !== undefined ? 'quarantined' : change.after?.enabled === false ? 'out' : 'up';
  return STATE_OF_CAUSE[cause] ?? 'up';
}
