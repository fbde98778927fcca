import { useEffect, useState } from 'preact/hooks';
import type { Grant, IssuedToken, Token } from '../../client/wire/access-answers';
import { CopyButton } from '../parts/copy-button';
import { Dialog } from '../parts/dialog';
import { Check, Field, FormDialog, Select, useCall } from '../parts/form';
import { allowsPathWrite, breadthOf, type GrantDraft, grantOf, hasServices, matchedServices } from '../state/grants';
import { knownNamespaces, readNamespaces } from '../state/namespaces';
import { serviceTitle } from '../state/paths';
import { readServiceNames, servicesOf } from '../state/service-names';
import { administered, adopt, ask, forget, may, ownId } from '../state/session';
import { withoutSecret } from '../state/token-list';
import { duration } from '../words/format';
import { words } from '../words/words';

const SCOPES = ['read', 'register', 'operate', 'admin', 'metrics'] as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIVES_MS = [HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 90 * DAY_MS, 365 * DAY_MS];
const OVERLAPS_MS = [10 * 60_000, HOUR_MS, DAY_MS, 7 * DAY_MS];

/** Matching services that a preview names. */
const NAMED_MAX_COUNT = 5;

/** Patterns that limit a grant. */
const PATTERNS = [
  { member: 'services', title: 'services', hint: 'servicesHint', example: 'payments*' },
  { member: 'keys', title: 'entries', hint: 'keysHint', example: 'config/*' },
] as const;

interface Making {
  onMade: (token: Token) => void;
  onClose: () => void;
}

/** Creates a token, and shows its secret once. */
export function NewToken({ onMade, onClose }: Making) {
  const { tokens: text, common } = words.value;
  const { error, isBusy, run } = useCall();
  const [first = ''] = administered();
  const ns = first === '*' ? (knownNamespaces()[0] ?? '') : first;
  const [name, setName] = useState('');
  const [drafts, setDrafts] = useState<GrantDraft[]>([{ scope: 'read', ns, services: '', keys: '' }]);
  const [lifeMs, setLifeMs] = useState(0);
  const [isForPath, setForPath] = useState(false);
  const [secret, setSecret] = useState<string>();
  if (secret !== undefined) return <Secret title={text.made(name)} secret={secret} onClose={onClose} />;

  const grants = drafts.map(grantOf);
  const canBeForPath = allowsPathWrite(grants);
  const change = (index: number, part: Partial<GrantDraft>) =>
    setDrafts(drafts.map((draft, each) => (each === index ? { ...draft, ...part } : draft)));
  const submit = () => {
    const body = {
      name: name.trim(),
      grants,
      ...(lifeMs > 0 && { expiresInMs: lifeMs }),
      ...(isForPath && canBeForPath && { pathWrite: true }),
    };
    void run(async () => {
      const made = withoutSecret(await ask((admin) => admin.createToken({ body })));
      setSecret(made.secret);
      onMade(made.view);
    });
  };
  return (
    <FormDialog title={text.create} act={text.create} error={error} isOff={isBusy} onSubmit={submit} onClose={onClose}>
      <Field label={text.name} hint={text.nameHint} path="name" error={error}>
        <input value={name} required onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </Field>
      {drafts.map((draft, index) => (
        <fieldset key={index} class="grant">
          <legend>{text.grant(index + 1)}</legend>
          <GrantEditor draft={draft} path={`grants.${index}`} error={error} onChange={(part) => change(index, part)} />
          {drafts.length > 1 && (
            <button class="btn" type="button" onClick={() => setDrafts(drafts.filter((each) => each !== draft))}>
              {common.remove}
            </button>
          )}
        </fieldset>
      ))}
      <div>
        <button
          class="btn"
          type="button"
          onClick={() => setDrafts([...drafts, { scope: 'register', ns: drafts[0]?.ns ?? ns, services: '', keys: '' }])}
        >
          {text.addGrant}
        </button>
      </div>
      <Field label={text.expiry} path="expiresInMs" error={error}>
        <Select
          value={lifeMs}
          options={[[0, text.never], ...LIVES_MS.map((ms) => [ms, text.after(duration(ms))] as const)]}
          onChange={setLifeMs}
        />
      </Field>
      {canBeForPath && (
        <Check isOn={isForPath} onChange={setForPath}>
          {text.pathWrite}
          {isForPath && <small class="wrong"> {text.pathWriteRisk}</small>}
        </Check>
      )}
    </FormDialog>
  );
}

function GrantEditor({
  draft,
  path,
  error,
  onChange,
}: {
  draft: GrantDraft;
  path: string;
  error: unknown;
  onChange: (part: Partial<GrantDraft>) => void;
}) {
  const { tokens: text, titles } = words.value;
  const { scope, ns } = draft;
  const mine = administered();
  const offered = mine.includes('*') ? ['*', ...knownNamespaces()] : mine;
  return (
    <>
      <div class="pair">
        <Field label={text.scope} hint={text.scopes[scope]} path={`${path}.scope`} error={error}>
          <Select
            value={scope}
            options={SCOPES.map((each) => [each, each])}
            onChange={(chosen) => onChange({ scope: chosen })}
          />
        </Field>
        <Field label={text.namespace} path={`${path}.ns`} error={error}>
          <input
            value={ns}
            list={`${path}-namespaces`}
            required
            autocomplete="off"
            onInput={({ currentTarget }) => onChange({ ns: currentTarget.value })}
          />
          <datalist id={`${path}-namespaces`}>
            {offered.map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
        </Field>
      </div>
      {hasServices(scope) &&
        PATTERNS.map(({ member, title, hint, example }) => (
          <Field key={member} label={titles[title]} hint={text[hint]} path={`${path}.${member}`} error={error}>
            <textarea
              class="mono"
              rows={2}
              value={draft[member]}
              placeholder={example}
              spellcheck={false}
              onInput={({ currentTarget }) => onChange({ [member]: currentTarget.value })}
            />
          </Field>
        ))}
      <Preview grant={grantOf(draft)} />
    </>
  );
}

/** Shows what a grant covers today, and what deserves a second look. */
function Preview({ grant }: { grant: Grant }) {
  const { tokens: text } = words.value;
  const { ns, scope } = grant;
  useEffect(() => {
    if (ns !== '*' && knownNamespaces().includes(ns)) void readServiceNames(ns);
  }, [ns]);
  const known = readNamespaces();
  const breadth = breadthOf(grant);
  const all = hasServices(scope) && (grant.services || !grant.keys) ? servicesOf(ns) : undefined;
  const matched = all && matchedServices(grant, all.list);
  const named = matched?.slice(0, NAMED_MAX_COUNT).map(serviceTitle) ?? [];
  const isMissing = ns !== '' && ns !== '*' && known !== undefined && !known.hasMore && !knownNamespaces().includes(ns);
  return (
    <div class="preview" aria-live="polite">
      {ns !== '' && !may('admin', { namespace: ns }) && <p class="wrong">{text.notYours(ns)}</p>}
      {isMissing && may('admin', { namespace: ns }) && <p class="wrong">{text.noNamespace(ns)}</p>}
      {breadth && <p class="wrong">{text.broad[breadth]}</p>}
      {matched && (
        <p class="mute">
          {named.length === 0 ? text.noMatch : text.preview(named.join(', '), matched.length - named.length)}
        </p>
      )}
    </div>
  );
}

/** Gives a token a new secret, and shows it once. */
export function RotateToken({ token, onMade, onClose }: Making & { token: Token }) {
  const { tokens: text } = words.value;
  const { error, isBusy, run } = useCall();
  const [overlapMs, setOverlapMs] = useState(HOUR_MS);
  const [secret, setSecret] = useState<string>();
  if (secret !== undefined) return <Secret title={text.rotated(token.name)} secret={secret} onClose={onClose} />;
  const submit = () => {
    void run(async () => {
      const made = withoutSecret(
        await ask((admin): Promise<IssuedToken> => admin.rotateToken({ id: token.id, body: { overlapMs } })),
      );
      // The page itself would be signed out with its old secret.
      if (token.id === ownId.peek()) adopt(made.secret);
      setSecret(made.secret);
      onMade(made.view);
    });
  };
  return (
    <FormDialog
      title={text.rotateTitle(token.name)}
      act={text.rotate}
      error={error}
      isOff={isBusy}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>{text.rotateLead}</p>
      <Field
        label={text.overlap}
        hint={overlapMs === 0 ? text.noOverlapHint : text.overlapHint}
        path="overlapMs"
        error={error}
      >
        <Select
          value={overlapMs}
          options={[[0, text.noOverlap], ...OVERLAPS_MS.map((ms) => [ms, duration(ms)] as const)]}
          onChange={setOverlapMs}
        />
      </Field>
    </FormDialog>
  );
}

/** Revokes a token. */
export function RevokeToken({ token, onDone, onClose }: { token: Token; onDone: () => void; onClose: () => void }) {
  const { tokens: text } = words.value;
  const { error, isBusy, run } = useCall();
  const isOwn = token.id === ownId.value;
  const submit = () => {
    void run(async () => {
      await ask((admin) => admin.revokeToken({ id: token.id }));
      onDone();
      onClose();
      if (isOwn) forget('signed-out');
    });
  };
  return (
    <FormDialog
      title={text.revokeTitle(token.name)}
      act={text.revoke}
      error={error}
      isGrave
      isOff={isBusy}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>{text.revokeLead}</p>
      {isOwn && <p class="wrong">{text.revokeOwn}</p>}
    </FormDialog>
  );
}

/** Shows a secret until the dialog is closed; nothing keeps it. */
function Secret({ title, secret, onClose }: { title: string; secret: string; onClose: () => void }) {
  const { tokens: text, common } = words.value;
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="secret">
        <p>{text.secretLead}</p>
        <pre class="mono">{secret}</pre>
        <div class="acts">
          <CopyButton text={() => secret} />
          <button class="btn main" type="button" onClick={onClose}>
            {common.close}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
