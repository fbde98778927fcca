import type { Dialect } from '../../http/pipeline/dialect';
import { errorResponse } from '../../http/response/error-response';
import { addRoutes } from './routes';

/**
 * The door for clients of go-micro's registry plugin `proxy`, versions 2 to 4. What it answers is shown to a person as
 * the text of a Go error, whatever its status: only 200 is none.
 */
export const goMicro: Dialect = {
  name: 'go-micro',
  paths: ['/registry'],
  carriers: ['bearer', 'path'],
  refuse(refusal) {
    const { status, headers } = errorResponse(refusal);
    headers.set('Content-Type', 'text/plain; charset=utf-8');
    return new Response(refusal.message, { status, headers });
  },
  addRoutes,
};
