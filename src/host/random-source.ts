import type { RandomSource } from '../registry/platform';

/** Randomness of the runtime. */
export const randomSource: RandomSource = {
  fraction: () => Math.random(),
  id: () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // 128 bits
    const base64 = btoa(String.fromCharCode(...bytes));
    return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  },
};
