import { X509Certificate, createPrivateKey, randomUUID, sign } from 'node:crypto';

/** What a token allows (https://distribution.github.io/distribution/spec/auth/jwt/). */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  /** One name: docker-registry 2.8 refuses a list. */
  readonly audience: string;
  readonly lifetimeSeconds: number;
  readonly access: readonly Access[];
}

/** Signs tokens as ES256 with the chain in their header (RFC 7515, 4.1.6). `key` and `certificate` are PEM. */
export function tokenSigner(key: string, certificate: string): (claims: Claims) => string {
  const privateKey = createPrivateKey(key);
  const chain = [new X509Certificate(certificate).raw.toString('base64')];
  return ({ issuer, subject, audience, lifetimeSeconds, access }) => {
    const now = Math.floor(Date.now() / 1000);
    const header = { typ: 'JWT', alg: 'ES256', x5c: chain };
    const payload = {
      iss: issuer,
      sub: subject,
      aud: audience,
      iat: now,
      exp: now + lifetimeSeconds,
      jti: randomUUID(),
      access,
    };
    const signed = [header, payload].map((part) => base64url(JSON.stringify(part))).join('.');
    // JOSE wants the two numbers side by side (RFC 7518, 3.4), not in DER.
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${base64url(signature)}`;
  };
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content as Uint8Array).toString('base64url');
}
