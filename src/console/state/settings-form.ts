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

/** Returns a key that the form has twice, which only one of its values would survive; undefined if there is none. */
export const repeatedKey = ({ metadata }: SettingsForm): string | undefined =>
  metadata.map(([key]) => key.trim()).find((key, index, all) => key !== '' && all.indexOf(key) !== index);

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
