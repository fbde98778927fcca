/** On every answer, refusals too. Nothing of the registry may be kept by a cache that it does not know of. */
export const COMMON_HEADERS = { 'Rollcall-Api': '1.0', 'Cache-Control': 'no-store' } as const;
