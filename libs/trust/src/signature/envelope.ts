/** What the envelope carries here. */
export const IN_TOTO_PAYLOAD = 'application/vnd.in-toto+json';

/**
 * The bytes that an envelope's signature is over: type and payload, each with its length, so that neither can be
 * taken for a part of the other. https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `), payload]);
}
