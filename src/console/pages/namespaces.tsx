import { useEffect, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { NamespaceBody } from '../../client/wire/namespace-answers';
import { Field, Find, FormDialog, More, Select, useCall } from '../parts/form';
import { Empty, Problem, Skeleton } from '../parts/problem';
import { useQuery } from '../state/location';
import { homePath, loadNamespaces, readNamespaces } from '../state/namespaces';
import { settingsPath } from '../state/paths';
import { isMatch } from '../state/search';
import { ask, may } from '../state/session';
import { moment } from '../words/format';
import { words } from '../words/words';

/** Namespaces above which they can be searched, and that are shown at first and with each step. */
const FIND_MIN_COUNT = 10;
const STEP = 200;

const HINTS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;
const JURISDICTIONS = ['eu', 'fedramp'] as const;

/** Lists the namespaces that the token has a grant on. */
export function Namespaces() {
  const { namespaces: text, settings, common, titles } = words.value;
  const [error, setError] = useState<unknown>();
  const [shown, setShown] = useState(STEP);
  const [isNew, setNew] = useState(false);
  const find = (useQuery().get('q') ?? '').trim();
  const load = () => {
    setError(undefined);
    loadNamespaces().catch(setError);
  };
  useEffect(load, []);
  const known = readNamespaces();
  const found = known?.list.filter(({ id, title = '' }) => isMatch(find, `${id} ${title}`)) ?? [];
  return (
    <main id="content">
      <div class="head">
        <h1>{titles.namespaces}</h1>
        <span class="mute">{text.lead}</span>
        <span class="grow" />
        {may('admin', { namespace: '*' }) && (
          <button class="btn" type="button" onClick={() => setNew(true)}>
            {settings.create}
          </button>
        )}
      </div>
      {error !== undefined && <Problem error={error} onRetry={load} />}
      {known === undefined && error === undefined && <Skeleton />}
      {known && known.list.length > FIND_MIN_COUNT && (
        <div class="tools">
          <Find label={common.find} value={find} />
          <span class="mute">{text.count(found.length, known.hasMore)}</span>
        </div>
      )}
      {known && found.length === 0 && <Empty>{find === '' ? text.none : common.noneFound}</Empty>}
      {found.length > 0 && (
        <ul class="card links">
          {found.slice(0, shown).map(({ id, title, createdAt }) => (
            <li key={id}>
              <Link class="name" href={homePath(id)}>
                {id}
              </Link>
              <span class="mute">{title}</span>
              <span class="mute n hide">{createdAt && `${common.created} ${moment(createdAt)}`}</span>
            </li>
          ))}
        </ul>
      )}
      {found.length > shown && <More onClick={() => setShown(shown + STEP)} />}
      {isNew && <NewNamespace onClose={() => setNew(false)} />}
    </main>
  );
}

function NewNamespace({ onClose }: { onClose: () => void }) {
  const { settings: text } = words.value;
  const [, navigate] = useLocation();
  const { error, isBusy, run } = useCall();
  const [id, setId] = useState('');
  const [title, setTitle] = useState('');
  const [place, setPlace] = useState(0);
  const isTaken = readNamespaces()?.list.some((known) => known.id === id) ?? false;
  const { none, hint, jurisdiction } = text.placements;
  const places: readonly (readonly [title: string, placement: NamespaceBody['placement']])[] = [
    [none, undefined],
    ...HINTS.map((name) => [hint(name), { hint: name }] as const),
    ...JURISDICTIONS.map((name) => [jurisdiction(name), { jurisdiction: name }] as const),
  ];
  const submit = () => {
    const placement = places[place]?.[1];
    const body = { id, ...(title.trim() !== '' && { title: title.trim() }), ...(placement && { placement }) };
    void run(async () => {
      await ask((admin) => admin.createNamespace({ body }));
      void loadNamespaces().catch(() => {});
      onClose();
      navigate(settingsPath(id));
    });
  };
  return (
    <FormDialog
      title={text.create}
      act={text.create}
      error={error}
      isOff={isBusy || isTaken}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={text.id} hint={text.idHint} path="id" error={error}>
        <input
          class="mono"
          value={id}
          required
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setId(currentTarget.value.trim())}
        />
      </Field>
      {isTaken && (
        <p class="wrong" role="alert">
          {text.exists(id)}
        </p>
      )}
      <Field label={text.title} path="title" error={error}>
        <input value={title} onInput={({ currentTarget }) => setTitle(currentTarget.value)} />
      </Field>
      <Field label={text.placement} hint={text.placementNote} path="placement" error={error}>
        <Select value={place} options={places.map(([name], index) => [index, name])} onChange={setPlace} />
      </Field>
    </FormDialog>
  );
}
