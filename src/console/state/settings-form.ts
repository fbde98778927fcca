import type { Condition } from '../../client/admin';
import type { Service } from '../../client/wire/answers';
import type { ServicePatchBody } from '../../client/wire/bodies';

/** Fields of the settings of a service. */
export interface SettingsForm {
  /** Entries of the metadata, in the order of the form. */
  metadata: [key: string, value: string][];
  /** Share of healthy instances in percent. */
  thresholdPercent: string;
}

/** Returns the fields that show the settings of a service. */
export const settingsFormOf = ({ metadata, protectThreshold }: Service): SettingsForm => ({
  metadata: Object.entries(metadata).sort(([one], [other]) => (one < other ? -1 : 1)),
  // Rounded: 0.29 of a float is 28.999… percent.
  thresholdPercent: String(Math.round(protectThreshold * 10_000) / 100),
});

/** Reason for which a form can't be saved. Neither entry may be dropped in silence. */
export type SettingsProblem = { kind: 'repeated'; key: string } | { kind: 'nameless' };

/** Returns why a form can't be saved: a key that it has twice, or a value without a key. */
export function problemOf({ metadata }: SettingsForm): SettingsProblem | undefined {
  const keys = metadata.map(([key]) => key.trim());
  const repeated = keys.find((key, index) => key !== '' && keys.indexOf(key) !== index);
  if (repeated !== undefined) return { kind: 'repeated', key: repeated };
  return metadata.some(([key, value]) => key.trim() === '' && value !== '') ? { kind: 'nameless' } : undefined;
}

/**
 * Returns the condition of saving settings: they are unchanged since they were read. A service that exists only through its
 * instances has none yet.
 */
export const saveConditionOf = ({ createdRevision }: Service, cursor: string): Condition =>
  createdRevision === null ? { ifNoneMatch: '*' } : { ifMatch: cursor };

/** Returns the change from the settings of a service to those of the form; undefined if they are the same. */
export function settingsPatchOf(service: Service, form: SettingsForm): ServicePatchBody | undefined {
  const wanted = new Map(
    form.metadata.map(([key, value]) => [key.trim(), value] as const).filter(([key]) => key !== ''),
  );
  const metadata: Record<string, string | null> = {};
  for (const key of Object.keys(service.metadata)) if (!wanted.has(key)) metadata[key] = null;
  for (const [key, value] of wanted) if (service.metadata[key] !== value) metadata[key] = value;
  const protectThreshold = Number(form.thresholdPercent) / 100;
  const patch: ServicePatchBody = {
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(protectThreshold !== service.protectThreshold && { protectThreshold }),
  };
  return Object.keys(patch).length > 0 ? patch : undefined;
}
