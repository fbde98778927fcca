import { authorizeRegistration } from '../../auth/authorize';
import { serviceOf } from '../../codecs/eureka/app-names';
import { readBody } from '../../codecs/eureka/document';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { readBodyText } from '../../http/request/body';
import { invalid } from '../../http/request/field-errors';
import { queryText } from '../../http/request/request-target';
import type { InstanceKey } from '../../model/batch';
import { hasCode, quote, RegistryError } from '../../model/errors';
import { parseJson } from '../../model/json';
import { BODY_MAX_BYTES } from '../../model/limits';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import { emptyAnswer } from './answers';
import { claimsOf } from './claims';
import { keyInPath } from './instance-keys';
import { registerInfo } from './register-info';
import { Renewing } from './renewing';

/** Matches the only parameter of a heartbeat that is used. It is a number and needs no decoding. */
const LAST_DIRTY = /(?:^|&)lastDirtyTimestamp=([^&]*)/;

/** Returns the time at which the client last changed its instance, by the client's clock. */
function lastDirtyOf(url: string): number | undefined {
  const text = LAST_DIRTY.exec(queryText(url))?.[1] ?? '';
  if (text === '') return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw invalid('query', [{ path: 'lastDirtyTimestamp', message: `must be a whole number, got ${quote(text)}` }]);
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    throw new RegistryError('INVALID_REQUEST', 'the body is not JSON', {}, { cause });
  }
}

/** Removes an instance. @returns False if it does not exist. */
async function cancel(namespace: NamespaceApi, caller: Caller, key: InstanceKey): Promise<boolean> {
  try {
    await namespace.deregister(caller, { key, precondition: { absent: false } });
    return true;
  } catch (error) {
    if (hasCode(error, 'REVISION_MISMATCH')) return false;
    throw error;
  }
}

/** Adds the routes for registration, heartbeats and removal. */
export function addLeaseRoutes(door: DialectDoor): void {
  const renewing = new Renewing();

  door.route({
    operation: 'register',
    method: 'post',
    paths: ['/eureka/apps/:app'],
    scope: 'register',
    summary: 'Registers an instance',
    read: async (request, { app = '' }) => {
      const text = await readBodyText(request, BODY_MAX_BYTES);
      return readBody(text, request.headers.get('content-type'), jsonOf, app.toUpperCase());
    },
    authorize: (principal, namespace, info) => {
      const service = serviceOf(info.app);
      authorizeRegistration(principal, namespace, service, claimsOf(service, info));
    },
    call: (namespace, info, call) => registerInfo(namespace, call.callerWithOrigin, info),
    // Java, JavaScript and Go clients treat any other status as a failure.
    answer: () => emptyAnswer(204),
  });

  door.route({
    operation: 'beat',
    method: 'put',
    paths: ['/eureka/apps/:app/:id'],
    scope: 'register',
    withoutDeadline: true,
    summary: 'Renews the lease of an instance; 404: register again',
    read: ({ url }, names) => ({ key: keyInPath(names), lastDirtyTimestamp: lastDirtyOf(url) }),
    target: ({ key }) => ({ service: key }),
    call: (namespace, { key, lastDirtyTimestamp }, call) =>
      renewing.renew(namespace, call.namespace, call.caller, key, lastDirtyTimestamp),
    answer: (isKnown) => emptyAnswer(isKnown ? 200 : 404),
  });

  door.route({
    operation: 'cancel',
    method: 'delete',
    paths: ['/eureka/apps/:app/:id'],
    scope: 'register',
    summary: 'Removes an instance',
    read: (_request, names) => keyInPath(names),
    target: (key) => ({ service: key }),
    call: (namespace, key, call) => cancel(namespace, call.callerWithOrigin, key),
    answer: (existed) => emptyAnswer(existed ? 200 : 404),
  });
}
