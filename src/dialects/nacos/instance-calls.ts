import type { DialectRoute } from '../../http/dialect';
import type { InstanceKey } from '../../model/batch';
import type { InstanceDefinition } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';
import { type Beat, type BeatAnswer, beat, readBeat } from './beat';
import { definitionOf, enabledOf, keyOf, readInstance, weightOf } from './instance-parameters';
import { changeMetadata, type MetadataBatch, readMetadataBatch } from './metadata-batch';
import { readMetadata } from './metadata-text';
import { namespaceOf, type Place, placeOf, serviceOf } from './names';
import type { Edit } from './operator';
import { Parameters } from './parameters';
import { patchInstance, replaceInstance } from './v1-edit-routes';

/** What a call is in all versions. Each adds its paths, and how it answers. */
export type Call<Asked, Outcome> = Omit<DialectRoute<Asked, Outcome>, 'operation' | 'paths' | 'answer'>;

/** An instance that is named by its place. */
export interface InstanceNamed {
  namespace: string | undefined;
  service: ServiceKey;
  place: Place;
}

/** The instance that the parameters of any version name. */
export function namedIn(parameters: Parameters): InstanceNamed {
  return { namespace: namespaceOf(parameters), service: serviceOf(parameters), place: placeOf(parameters) };
}

interface Registering {
  namespace: string | undefined;
  key: InstanceKey;
  definition: InstanceDefinition;
}

/** The instance that parameters describe. */
export function registeringIn(parameters: Parameters): Registering {
  const instance = readInstance(parameters);
  const key = keyOf(parameters, instance);
  return { namespace: namespaceOf(parameters), key, definition: definitionOf(instance) };
}

export const REGISTER: Call<Registering, unknown> = {
  method: 'post',
  scope: 'register',
  summary: 'Registers an instance',
  withoutDeadline: true,
  read: (request, _, form) => registeringIn(Parameters.of(request, form)),
  namespace: ({ namespace }) => namespace,
  target: ({ key }) => ({ service: key }),
  call: (namespace, { key, definition }, call) =>
    namespace.register(call.callerWithOrigin, { key, definition, precondition: {} }),
};

export const REMOVE: Call<{ namespace: string | undefined; key: InstanceKey }, unknown> = {
  method: 'delete',
  scope: 'register',
  summary: 'Removes an instance',
  read: (request, _, form) => {
    const parameters = Parameters.of(request, form);
    return { namespace: namespaceOf(parameters), key: keyOf(parameters, placeOf(parameters)) };
  },
  namespace: ({ namespace }) => namespace,
  target: ({ key }) => ({ service: key }),
  call: (namespace, { key }, call) => namespace.deregister(call.callerWithOrigin, { key, precondition: {} }),
};

export const BEAT: Call<Beat, BeatAnswer> = {
  method: 'put',
  scope: 'register',
  summary: 'Renews the lease of an instance; registers one that is unknown, if the beat describes it',
  withoutDeadline: true,
  read: (request, _, form) => readBeat(Parameters.of(request, form)),
  namespace: ({ namespace }) => namespace,
  target: ({ key }) => ({ service: key }),
  call: beat,
};

type Editing = InstanceNamed & { edit: Edit };

export const REPLACE: Call<Editing, void> = {
  method: 'put',
  scope: 'register',
  summary: 'Sets enabled, weight and metadata of an instance',
  read: (request, _, form) => {
    const parameters = Parameters.of(request, form);
    const { enabled, weight, metadata } = readInstance(parameters);
    return { ...namedIn(parameters), edit: { enabled, weight, metadata } };
  },
  namespace: ({ namespace }) => namespace,
  target: ({ service }) => ({ service }),
  call: replaceInstance,
};

export const PATCH: Call<Editing, void> = {
  method: 'patch',
  scope: 'register',
  summary: 'Sets those of enabled, weight and metadata that are named',
  read: (request, _, form) => {
    const parameters = Parameters.of(request, form);
    const text = parameters.text('metadata');
    const metadata = text === '' ? undefined : readMetadata(text);
    return {
      ...namedIn(parameters),
      edit: { enabled: enabledOf(parameters), weight: weightOf(parameters), metadata },
    };
  },
  namespace: ({ namespace }) => namespace,
  target: ({ service }) => ({ service }),
  call: patchInstance,
};

/** Sets metadata of many instances by PUT, and takes it back by DELETE. */
export const METADATA_BATCHES: readonly Call<MetadataBatch, string[]>[] = (['put', 'delete'] as const).map(
  (method) => ({
    method,
    scope: 'operate',
    summary: method === 'put' ? 'Sets metadata of many instances' : 'Takes back metadata that was set so',
    read: (request, _, form) => readMetadataBatch(Parameters.of(request, form)),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, asked, call) => changeMetadata(namespace, asked, method === 'delete', call),
  }),
);
