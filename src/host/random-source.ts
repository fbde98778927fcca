import type { RandomSource } from '../registry/platform';

const ID_BYTES = 16;

/** Randomness of the runtime. */
export const randomSource: RandomSource = {
  fraction: () => Math.random(),
  id: () => {
    const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES));
    const base64 = btoa(String.fromCharCode(...bytes));
    return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  },
};
