import { dirname, resolve } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import { JsonValue } from '../json-value.ts';
import { isPem, type SignerDemand } from '../requirement.ts';
import type { PolicyFile, Rule, ScopedRule } from './policy.ts';
import { parseScope } from './scope.ts';

/**
 * Reads a policy.json. What isn't known in it is refused: a rule that is misspelt must not be one that nobody
 * follows. Paths in it are relative to the folder it is in.
 *
 * @throws SETTINGS_INVALID naming the place in the file, and what was probably meant
 */
export function parsePolicy(content: Uint8Array, path: string): PolicyFile {
  const root = JsonValue.parse(content, (problem, hint) => {
    const message = `${printable(path)}: ${problem}`;
    return new EcliError('SETTINGS_INVALID', message, {
      hint: hint ?? 'correct it; until then nothing from a registry is taken',
    });
  });
  root.allow(['default', 'registries']);
  const folder = dirname(resolve(path));
  const rules = [...(root.optional('registries')?.members() ?? [])].map(([name, at]) => ({
    scope: parseScope(name, at),
    rule: parseRule(at, folder),
  }));
  refuseTwins(rules, root);
  return { path, default: parseRule(root.member('default'), folder), rules };
}

/** `ghcr.io` and `GHCR.IO:443` are the same place, and which of their rules would hold? */
function refuseTwins(rules: readonly ScopedRule[], root: JsonValue): void {
  const names = new Map<string, string>();
  for (const {
    name,
    places: [place = ''],
  } of rules.map(({ scope }) => scope)) {
    const twin = names.get(place);
    if (twin !== undefined)
      throw root.wrong(`registries: ${printable(twin)} and ${printable(name)} are the same`);
    names.set(place, name);
  }
}

function parseRule(at: JsonValue, folder: string): Rule {
  const type = at.member('type').word(['accept', 'reject', 'signed']);
  if (type !== 'signed') {
    at.allow(['type']);
    return { type };
  }
  at.allow(['type', 'keys', 'identities', 'trustRoot', 'need']);
  const signers = [...parseKeys(at, folder), ...parseIdentities(at, folder)];
  if (signers.length === 0) throw at.wrong('keys or identities are missing', 'say who must have signed');
  return { type, need: at.optional('need')?.word(['any', 'all']) ?? 'any', signers };
}

function parseKeys(at: JsonValue, folder: string): readonly SignerDemand[] {
  const keys = at.optional('keys')?.items() ?? [];
  return keys.map((key) => {
    const source = notEmpty(key);
    return { kind: 'key', source: isPem(source) ? source : resolve(folder, source) };
  });
}

function parseIdentities(at: JsonValue, folder: string): readonly SignerDemand[] {
  const identities = at.optional('identities')?.items() ?? [];
  if (identities.length === 0) {
    const unused = at.optional('trustRoot');
    if (unused) throw unused.wrong('of no use without identities');
    return [];
  }
  const trustRoot = resolve(folder, notEmpty(at.member('trustRoot')));
  return identities.map((identity) => {
    identity.allow(['issuer', 'subject', 'subjectRegExp']);
    const issuer = notEmpty(identity.member('issuer'));
    return { kind: 'identity', issuer, subject: parseSubject(identity), trustRoot };
  });
}

function parseSubject(identity: JsonValue): string | RegExp {
  const subject = identity.optional('subject');
  const expression = identity.optional('subjectRegExp');
  if (subject && expression) throw identity.wrong('subject or subjectRegExp, not both');
  if (subject) return notEmpty(subject);
  if (!expression) throw identity.wrong('subject is missing', 'or subjectRegExp in its place');
  try {
    return wholeExpression(notEmpty(expression));
  } catch (error) {
    if (error instanceof EcliError) throw error;
    throw expression.wrong('no regular expression');
  }
}

/** An expression that must match from the first to the last character. @throws SyntaxError */
export function wholeExpression(source: string): RegExp {
  // By itself first: with the frame alone, `a)(?:b` would be one.
  new RegExp(source);
  return new RegExp(`^(?:${source})$`);
}

function notEmpty(at: JsonValue): string {
  const text = at.text();
  if (text === '') throw at.wrong('is empty');
  return text;
}
