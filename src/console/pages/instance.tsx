import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { WhyReport } from '../../client/wire/history-answers';
import { announce } from '../parts/announcer';
import { CopyButton } from '../parts/copy-button';
import { EndBand } from '../parts/end-band';
import { InstanceActs, LastAct } from '../parts/instance-acts';
import { InstanceDefinition } from '../parts/instance-definition';
import { Denied, Empty, Problem, Skeleton } from '../parts/problem';
import { StateMark } from '../parts/state-mark';
import { Timeline } from '../parts/timeline';
import { actorName } from '../state/actors';
import { endOf } from '../state/instance-end';
import { InstanceReport } from '../state/instance-report';
import { endpointOf } from '../state/instance-state';
import { type InstanceAddress, query, servicePath, servicesPath, serviceTitle } from '../state/paths';
import { registryNow } from '../state/registry-clock';
import { may } from '../state/session';
import { timelineOf } from '../state/timeline';
import {
  eventsOf,
  type Finding,
  type Hint,
  type InstanceEvent,
  removalOf,
  renewalsOf,
  type Verdict,
  verdictOf,
} from '../state/why-verdict';
import { duration, moment, span } from '../words/format';
import { words } from '../words/words';

/** Explains an instance: its state, or why it is gone. */
export function InstancePage({ address }: { address: InstanceAddress }) {
  const { ns, group, service, id } = address;
  if (may('read', { namespace: ns, service: { group, service } }))
    return <ReadableInstance key={JSON.stringify([ns, group, service, id])} address={address} />;
  return (
    <main id="content">
      <div class="head">
        <h1 class="mono">{id}</h1>
      </div>
      <Denied scope="read" target={serviceTitle(address)} />
    </main>
  );
}

function ReadableInstance({ address }: { address: InstanceAddress }) {
  const { instance: text, nav } = words.value;
  // The address is the component's key.
  const source = useMemo(() => new InstanceReport(address), []);
  useEffect(() => () => source.close(), [source]);
  const report = source.report.value;
  const error = source.error.value;
  // While the registry is away, the data stay, and the header reports it.
  const isShown = error !== undefined && (report === undefined || !error.isPassing);
  const verdict = report && verdictOf(report);
  const state = verdict?.state;
  useEffect(() => {
    if (state !== undefined) announce(`${address.id}: ${words.peek().states[state]}`);
  }, [state, address.id]);
  return (
    <main id="content">
      <div class="head">
        <nav class="mute" aria-label={nav.services}>
          <Link href={servicesPath(address.ns)}>{nav.services}</Link> /{' '}
          <Link href={servicePath(address)}>{serviceTitle(address)}</Link> /
        </nav>
        <h1 class="mono">{address.id}</h1>
        {state !== undefined && (
          <span class={`chip ${state}`}>
            <StateMark state={state} />
          </span>
        )}
        <span class="grow" />
        {report !== undefined && (
          <InstanceActs address={address} subject={{ instance: report.instance, override: report.override }} />
        )}
        <span class="acts">
          <CopyButton text={() => location.href} label={words.value.common.copyLink} />
          {report !== undefined && <BeforeLink address={address} report={report} />}
        </span>
      </div>
      <LastAct address={address} />
      {isShown && <Problem error={error} onRetry={() => source.reload()} />}
      {source.isMissing.value && (
        <Empty>
          <p>{text.missing(address.id)}</p>
          <p class="mute">{text.missingHint}</p>
        </Empty>
      )}
      {report === undefined && error === undefined && !source.isMissing.value && <Skeleton />}
      {report !== undefined && verdict !== undefined && (
        <>
          <VerdictCard verdict={verdict} />
          <Facts report={report} />
          <div class="two">
            <section class="card">
              <Timeline items={timelineOf(report, registryNow())} />
              <Older report={report} onMore={() => void source.more()} />
            </section>
            <Definition report={report} />
          </div>
        </>
      )}
    </main>
  );
}

/** A text for each kind of fact, made from the fact. */
type Texts<Fact extends { kind: string }> = {
  [Kind in Fact['kind']]: (fact: Extract<Fact, { kind: Kind }>) => string;
};

function textOf<Fact extends { kind: string; actor?: string | undefined }>(texts: Texts<Fact>, fact: Fact): string {
  // `as`: the text of this kind takes the facts of this kind
  const text = texts[fact.kind as Fact['kind']] as (fact: Fact) => string;
  const { actor } = fact;
  return text(actor === undefined ? fact : { ...fact, actor: actorName(actor) });
}

/** Explains an instance: what happened, and what to look for. */
function VerdictCard({ verdict: { state, findings, hints } }: { verdict: Verdict }) {
  const { instance: text } = words.value;
  const texts: Texts<Finding> = text.findings;
  const hintTexts: Texts<Hint> = text.hints;
  const [first, ...others] = findings;
  return (
    <section class={`card sum ${state}`}>
      <p class="big">{textOf(texts, first)}</p>
      {others.length > 0 && (
        <p>
          {text.also} {others.map((finding) => textOf(texts, finding)).join(' ')}
        </p>
      )}
      {hints.map((hint) => (
        <p key={hint.kind} class="advice">
          {textOf(hintTexts, hint)}
        </p>
      ))}
    </section>
  );
}

/** Links to the service as it was before the instance went: while it still renewed, if its lease expired. */
function BeforeLink({ address, report }: { address: InstanceAddress; report: WhyReport }) {
  const { instance: text } = words.value;
  const removal = report.present ? undefined : removalOf(eventsOf(report));
  if (removal === undefined) return null;
  const { entry, change } = removal;
  const at =
    change.cause === 'expired' && report.renewals !== null
      ? report.renewals.lastAt
      : new Date(Date.parse(entry.at) - 1).toISOString();
  return (
    <Link class="btn" href={servicePath(address) + query({ at })} title={text.asOfHint}>
      {text.asOf(at)}
    </Link>
  );
}

function Facts({ report }: { report: WhyReport }) {
  const { common } = words.value;
  const { facts: text, end: endText } = words.value.instance;
  const { id, instance } = report;
  const events = eventsOf(report);
  const renewals = renewalsOf(report, events);
  const end = endOf(report, registryNow());
  const record = recordOf(report, events);
  const lease = record?.lease;
  const intervalMs = renewals?.longestIntervalMs ?? 0;
  const back = comebackOf(events);
  return (
    <section class="card its-end">
      {end !== undefined && (
        <>
          <h2>{end.isComing ? endText.coming : endText.title}</h2>
          <EndBand id={id} end={end} longestIntervalMs={renewals?.longestIntervalMs} />
        </>
      )}
      <dl class="why-facts">
        {renewals !== null && (
          <>
            <Fact name={text.lastRenewal}>{moment(renewals.lastAt)}</Fact>
            <Fact name={text.longestInterval}>{intervalMs === 0 ? text.unknown : duration(intervalMs)}</Fact>
          </>
        )}
        {record !== undefined && (
          <Fact name={text.lease}>
            {lease
              ? `${duration(lease.ttlMs)} / ${lease.removeAfterMs === null ? text.never : duration(lease.removeAfterMs)}`
              : text.noLease}
          </Fact>
        )}
        {record !== undefined && <Fact name={common.owner}>{record.owner}</Fact>}
        {record !== undefined && <Fact name={common.registered}>{moment(record.registeredAt)}</Fact>}
        {(instance === undefined || back !== undefined) && (
          <Fact name={text.cameBack}>{instance === undefined ? text.no : back}</Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Formats when an instance came back after its newest removal, and after how long; undefined if it did not. */
function comebackOf(events: readonly InstanceEvent[]): string | undefined {
  const removal = removalOf(events);
  const back = removal && events[events.indexOf(removal) - 1];
  return back && words.value.instance.facts.backAfter(moment(back.entry.at), span(removal.entry.at, back.entry.at));
}

/** Returns the definition of an instance: its current one, or the last one that is known. */
function recordOf({ instance }: WhyReport, events: readonly InstanceEvent[]) {
  const newest = events[0]?.change;
  return instance ?? newest?.after ?? newest?.before ?? undefined;
}

function Definition({ report }: { report: WhyReport }) {
  const { instance: text } = words.value;
  const record = recordOf(report, eventsOf(report));
  if (record === undefined) return null;
  return (
    <aside class="defs-side">
      <div class="acts">
        <CopyButton text={() => report.id} label={text.copyId} />
        {endpointOf(record) !== '' && <CopyButton text={() => endpointOf(record)} label={text.copyAddress} />}
      </div>
      <InstanceDefinition record={record} override={report.override} isLast={!report.present} />
    </aside>
  );
}

function Older({ report: { next, compacted }, onMore }: { report: WhyReport; onMore: () => void }) {
  const { common, instance: text } = words.value;
  if (next !== undefined)
    return (
      <button class="btn more" type="button" onClick={onMore}>
        {common.more}
      </button>
    );
  return compacted ? <p class="mute more">{text.timeline.compacted}</p> : null;
}
