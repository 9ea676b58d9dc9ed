import { describeSource } from '@ecli/core/testing';
import { MediaType } from '@ecli/core';
import { FaultyServer } from '@ecli/http/testing';
import { createBench, PACKAGE } from './workbench.ts';

describeSource('UrlSource', async () => {
  const server = await FaultyServer.start();
  server.serve('/tool/package.json', PACKAGE, { etag: '"1"' });
  const { source } = await createBench({ environment: { XDG_CACHE_HOME: '/dev/null' } });
  return {
    source,
    present: {
      reference: new URL('/tool/package.json', server.url).href,
      content: PACKAGE,
      mediaType: MediaType.package,
    },
    missing: new URL('/missing.json', server.url).href,
    foreign: [
      'package.json',
      './http://x',
      'localhost:5000/x',
      'ghcr.io/x/y:v1',
      'oci://ghcr.io/x/y',
      'ftp://example.com/x.json',
      'file:///x.json',
      'http:',
      '-',
      '',
    ],
    close: () => server.close(),
  };
});
