import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCli } from './harness/index.ts';
import { listFiles, ROOT } from './workspace.ts';

const LONGEST_DECISION = 40;

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

test.each(['run', 'inspect', 'build'])('the page of %s has each of its flags', async (command) => {
  const { stdout } = await runCli([command, '--help']);
  const flags = stdout.match(/(?<=^ +(?:-\w, )?)--[\w-]+/gm) ?? [];
  const page = readFileSync(join(ROOT, 'docs', `${command}.md`), 'utf8');
  expect(flags).toContain('--verbose');
  expect(flags.filter((flag) => flag !== '--help' && !page.includes(flag))).toEqual([]);
});

describe('the formats', () => {
  const text = readFileSync(join(ROOT, 'docs/formats.md'), 'utf8');
  const rows = [...text.matchAll(/^\|.*\| \[[^\]]*\]\(\.\.\/(?<file>[^)]+)\) › (?<names>.*?) *\|$/gm)];
  const references = rows.map(({ groups: { file = '', names = '' } = {} }) => ({
    file,
    names: names.split(' › ').map((name) => name.replaceAll('\\', '')),
  }));

  test('have a test in each row', () => {
    const lines = text.split('\n').filter((line) => /^\|(?! *(?:---|[^|]*\| what it does ))/.test(line));
    expect(lines.length).toBeGreaterThan(80);
    expect(lines.filter((line) => !rows.some(([row]) => row === line))).toEqual([]);
  });

  test('name tests that are there', () => {
    const missing = references.filter(({ file, names }) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      return names.some((name) => !isNamedIn(source, name));
    });
    expect(missing).toEqual([]);
  });
});

/** Whether a test file has a test of that name: as a string, or as a template with one of the file's strings in it. */
function isNamedIn(source: string, name: string): boolean {
  const hasString = (text: string) => ["'", '"', '`'].some((quote) => source.includes(quote + text + quote));
  const prefixes = [...source.matchAll(/`(?<prefix>[^`$]+)\$\{\w+\}`/g)].map(
    (match) => match.groups?.['prefix'] ?? '',
  );
  return (
    hasString(name) ||
    prefixes.some((prefix) => name.startsWith(prefix) && hasString(name.slice(prefix.length)))
  );
}

describe('decisions', () => {
  const names = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => /^\d/.test(name));
  const read = (name: string): string => readFileSync(join(ROOT, 'docs/decisions', name), 'utf8');

  test('are listed with their titles, in order', () => {
    const titles = names.sort().map((name) => read(name).split('\n', 1)[0]);
    const listed = read('README.md').match(/^\d+\. \[.*\]/gm) ?? [];
    expect(listed.map((line) => line.replace(/^(\d+\.) \[(.*)\]$/, '# $1 $2'))).toEqual(titles);
  });

  test.each(names)('%s says why, what, what follows and until when', (name) => {
    const text = read(name);
    const headings = ['## Context', '## Decision', '## Consequences', '## Revisit when'];
    expect(text.match(/^## .*$/gm)).toEqual(headings);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(LONGEST_DECISION);
  });
});
