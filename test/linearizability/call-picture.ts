import type { Finding } from './check-history';
import { htmlText } from './html-text';
import { type History, keysOf, type Operation, placeIn } from './operation';
import type { RegistryCall } from './registry-model';

const LANE_PX = 44;
const NAME_PX = 110;
const WIDTH_PX = 1_500;

/** Calls drawn before the first that can't be placed; all concurrent ones are drawn too. */
const CALLS_BEFORE_COUNT = 18;

/** Approximate width of a letter. */
const LETTER_PX = 6;

/** Time shown after the last call that can't be placed, as a share of the rest. */
const AFTER_SHARE = 0.1;

/** Role of a call in a picture. */
type Standing = 'ordered' | 'guessed' | 'stuck' | 'later';

/**
 * Draws the calls that could not be ordered: a lane for each client, and a bar for each call from its start to its end,
 * numbered by the longest order that was found. One of the red calls had to come next, and none could.
 */
export function callPicture(history: History, { keys, search }: Finding): string {
  const { order, stuck, verdict } = search;
  const numbers = new Map<Operation, number>();
  for (const did of order) if (typeof did !== 'string') numbers.set(did.operation, numbers.size + 1);
  const standing = new Map<Operation, Standing>();
  for (const did of order)
    if (typeof did !== 'string') standing.set(did.operation, isOpen(did) ? 'guessed' : 'ordered');
  for (const { operation } of stuck) standing.set(operation, 'stuck');
  const shown = operationsAround(history, keys, stuck, standing);
  return `<h2>${htmlText(keys.join(', '))}: ${verdict}</h2>
${drawing(history, shown, numbers, standing)}
<h3>What could not be placed</h3>
<pre>${stuck.map(({ operation }) => htmlText(textOf(operation))).join('\n\n')}</pre>
<h3>The end of the longest order</h3>
<pre>${order
    .slice(-CALLS_BEFORE_COUNT)
    .map((did) => htmlText(orderedText(did, numbers)))
    .join('\n')}</pre>`;
}

const isOpen = ({ end }: RegistryCall) => end === Number.POSITIVE_INFINITY;

/** Returns the calls around those that can't be placed, and on the same keys. */
function operationsAround(
  { operations }: History,
  keys: readonly string[],
  stuck: readonly RegistryCall[],
  standing: ReadonlyMap<Operation, Standing>,
): Operation[] {
  const from = Math.min(...stuck.map(({ start }) => start));
  const stuckKeys = new Set(stuck.flatMap((call) => call.keys.map((key) => keys[key])));
  const concerned = operations.filter((operation) => {
    const isAboutThem = keysOf(operation.call, keys, () => keys).some((key) => stuckKeys.has(key));
    // A read without an answer shows nothing.
    const isOpen = operation.end === null && operation.call.kind !== 'read' && operation.call.kind !== 'list';
    return isAboutThem && (standing.has(operation) || isOpen || (operation.end ?? 0) >= from);
  });
  const until = Math.max(...stuck.map(({ end }) => end));
  const before = concerned.filter(({ start }) => start < from).slice(-CALLS_BEFORE_COUNT);
  const beside = concerned.filter(({ start }) => start >= from && start <= until);
  return [...before, ...beside];
}

function drawing(
  { outages }: History,
  shown: readonly Operation[],
  numbers: ReadonlyMap<Operation, number>,
  standing: ReadonlyMap<Operation, Standing>,
): string {
  const clients = [...new Set(shown.map(({ client }) => client))].sort();
  const first = Math.min(...shown.map(({ start }) => start));
  const last = Math.max(...shown.map(({ start, end }) => end ?? start));
  const end = last + Math.max(1, (last - first) * AFTER_SHARE);
  const x = (time: number) =>
    NAME_PX + ((Math.min(Math.max(time, first), end) - first) / (end - first)) * (WIDTH_PX - NAME_PX);
  const height = clients.length * LANE_PX + 24;
  const lanes = clients.map((client, lane) => {
    return `<text x="4" y="${lane * LANE_PX + 28}">${htmlText(client)}</text>`;
  });
  const stripes = outages
    .filter(({ from, until }) => until > first && from < end)
    .map(({ from, until }) => {
      const width = Math.max(1, x(until) - x(from));
      return `<rect class="outage" x="${x(from)}" y="0" width="${width}" height="${height}"/>`;
    });
  const bars = shown.map((operation) => {
    const y = clients.indexOf(operation.client) * LANE_PX + 10;
    const left = x(operation.start);
    const width = Math.max(3, x(operation.end ?? end) - left);
    const number = numbers.get(operation);
    const right = Math.min(...shown.filter((each) => isAfter(each, operation)).map(({ start }) => x(start)), WIDTH_PX);
    const whole = `${number === undefined ? '' : `${number}: `}${shortText(operation)}`;
    const label = whole.slice(0, Math.floor((right - left) / LETTER_PX));
    return `<g><title>${htmlText(textOf(operation))}</title>
<rect class="${standing.get(operation) ?? 'later'}" x="${left}" y="${y}" width="${width}" height="22" rx="3"/>
<text x="${left + 2}" y="${y + 34}">${htmlText(label)}</text></g>`;
  });
  const axis = `<text x="${NAME_PX}" y="${height - 4}">0 ms</text>
<text x="${WIDTH_PX - 70}" y="${height - 4}">${(end - first).toFixed(0)} ms</text>`;
  return `<svg viewBox="0 0 ${WIDTH_PX} ${height}" width="${WIDTH_PX}" height="${height}">
${[...stripes, ...lanes, ...bars, axis].join('\n')}
</svg>`;
}

/** Returns whether a call is a later one of the same client, whose bar a label must not overlap. */
function isAfter(call: Operation, { client, start }: Operation): boolean {
  return call.client === client && call.start > start;
}

function shortText({ call, answer }: Operation): string {
  const revision = placeIn(answer)?.revision;
  const outcome = answer === null ? '?' : answer.kind === 'refused' ? answer.code.toLowerCase() : `@${revision ?? ''}`;
  switch (call.kind) {
    case 'change':
      return `${call.steps.map(({ op, key }) => `${op} ${key}`).join(' + ')} ${outcome}`;
    case 'read':
      return `read ${call.key} ${outcome}`;
    case 'list':
      return `list ${call.service} ${outcome}`;
    case 'renew':
      return `renew ${call.keys.join(' ')} ${outcome}`;
    case 'transact':
      return `${call.if.map(({ key, value }) => `${key}=${value}?`).join(' ')} ${call.do.map(({ op }) => op).join(' + ')} ${outcome}`;
    case 'revoke':
      return `revoke ${call.lease} ${outcome}`;
    case 'end':
      return `end ${call.session}`;
  }
}

function textOf({ index, client, call, answer, start, end }: Operation): string {
  const lasted = end === null ? 'no answer' : `${(end - start).toFixed(1)} ms`;
  return `call ${index} of ${client}, ${lasted}\n${JSON.stringify(call)}\n=> ${JSON.stringify(answer)}`;
}

function orderedText(did: RegistryCall | string, numbers: ReadonlyMap<Operation, number>): string {
  if (typeof did === 'string') return `   ${did}`;
  const { operation } = did;
  return `${numbers.get(operation)}: call ${operation.index} of ${operation.client}: ${shortText(operation)}`;
}
