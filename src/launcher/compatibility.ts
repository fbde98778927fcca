/**
 * The behaviour of workerd that the Worker is written for. `wrangler.toml` says the same for Cloudflare, and a test
 * holds the two together. workerd refuses to start with a date later than it knows.
 */
export const COMPATIBILITY_DATE = '2026-09-18';
/** What the Worker needs beside the date, as `wrangler.toml` has it. */
export const COMPATIBILITY_FLAGS = ['enable_request_signal', 'no_nodejs_compat'];
