import { expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listFiles, ROOT } from './workspace.ts';

const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].concat(
  ['docs', 'libs', 'apps', 'examples', 'bench'].flatMap((folder) => listFiles(folder, /\.md$/)),
);

/** Links of Markdown to files, without those to the web and within the page. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/\]\((?!https?:|#)(?<target>[^)#]+)/g)].map(
    (match) => match.groups?.['target'] ?? '',
  );
}

test('links between pages lead somewhere', () => {
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});
