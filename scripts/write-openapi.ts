/** Writes `docs/openapi.json` from the routes: `npm run openapi`. The Worker serves that file. */
import { writeFileSync } from 'node:fs';
import { version } from '../package.json';
import { createApp } from '../src/http/app';
import { openApiDocument } from '../src/http/docs/openapi';
import type { DirectoryApi } from '../src/model/directory-api';
import { recordedClient } from '../test/fixtures/recorded-client';

const document = await openApiDocument(
  createApp({
    namespaceOf: () => undefined,
    directory: {} as DirectoryApi, // `as`: only the routes of this app are read
    askDirectory: (question) => question(),
    openPipe: () => new TransformStream(),
    acceptSocket: recordedClient([]),
    rootToken: null,
    writeLog: () => {},
    build: { version },
    now: () => 0,
  }).routes,
  version,
);
writeFileSync('docs/openapi.json', `${JSON.stringify(document, null, 2)}\n`);
console.log(`docs/openapi.json: ${Object.keys(document.paths ?? {}).length} paths`);
