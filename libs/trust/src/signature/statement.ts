import { JsonValue } from '../json-value.ts';
import { flaw } from './flaw.ts';
import type { Claim } from './found-signature.ts';

const TYPE = 'https://in-toto.io/Statement/v1';

/** What makes a statement a signature; others attest how an image was built or what is in it. */
export const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

const MOST_SUBJECTS = 100;

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export interface Statement {
  readonly predicateType: string;
  readonly claim: Claim;
}

/** Reads what an envelope carries. @throws SIGNATURE_INVALID */
export function parseStatement(payload: Uint8Array): Statement {
  const root = JsonValue.parse(payload, (problem) => flaw(`its statement is wrong: ${problem}`));
  root.member('_type').word([TYPE]);
  const subjects = root.member('subject').items(MOST_SUBJECTS);
  const digests = subjects.flatMap((subject) =>
    [...subject.member('digest').members()].map(([algorithm, hex]) => `${algorithm}:${hex.text()}`),
  );
  return {
    predicateType: root.member('predicateType').text(),
    claim: {
      digests,
      reference: subjects[0]?.optional('name')?.text(),
      annotations: subjects[0]?.optional('annotations')?.texts() ?? {},
    },
  };
}

/** Writes the statement that signs an image, as cosign does. */
export function statement(digest: string, annotations: Readonly<Record<string, string>>): Buffer {
  const [algorithm = '', hex] = digest.split(':');
  const hasAnnotations = Object.keys(annotations).length > 0;
  return Buffer.from(
    JSON.stringify({
      _type: TYPE,
      subject: [{ digest: { [algorithm]: hex }, ...(hasAnnotations && { annotations }) }],
      predicateType: SIGN_PREDICATE,
      predicate: {},
    }),
  );
}
